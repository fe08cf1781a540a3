"""What two VAEs make of the same scenes is compared scene by scene."""
import unittest

from recipe import comparison
from recipe.comparison import Change
from recipe.validation import Tally


def tally(objects: list[bool], masks: tuple[float, ...] = ()) -> Tally:
    made = Tally()
    made.right["object"] += objects
    made.values["mask"] += masks
    return made


class ChangeTests(unittest.TestCase):
    def test_difference_is_paired_and_of_scenes(self) -> None:
        before = [tally([True, False]), tally([True]), tally([False]), tally([True, True])]
        after = [tally([True, True]), tally([False]), tally([False]), tally([True, True])]
        found = comparison.change(after, before, "object")
        # Sums of scenes: 1, -1, 0, 0 of 2, 1, 1, 2 things; the mean is 0.
        self.assertEqual(found, Change(6, 0.0, (2 * 4 / 3) ** 0.5 / 6, 1, 1))
        self.assertIsNone(comparison.change(after, before, "color"))

    def test_of_scenes_of_one_thing_it_is_the_usual_standard_error(self) -> None:
        before, after = [0.5, 0.25, 0.5, 0.75], [0.75, 0.25, 0.5, 1.25]
        found = comparison.change([tally([], (x,)) for x in after], [tally([], (x,)) for x in before], "mask")
        # Of 0.25, 0, 0, 0.5.
        self.assertAlmostEqual(found.mean, 0.1875)
        self.assertAlmostEqual(found.error, (0.171875 / 3) ** 0.5 / 2)
        self.assertEqual((found.n, found.better, found.worse), (4, 2, 0))

    def test_two_things_that_change_together_count_as_one_scene(self) -> None:
        pairs = [tally([True, True])] + [tally([False, False])] * 3
        singles = [tally([True])] + [tally([False])] * 3
        self.assertAlmostEqual(comparison.change(pairs, [tally([False, False])] * 4, "object").error,
                               comparison.change(singles, [tally([False])] * 4, "object").error)

    def test_other_scenes_are_no_pairs(self) -> None:
        with self.assertRaises(ValueError):
            comparison.change([tally([True])], [tally([True, False])], "object")

    def test_report_has_both_and_their_difference(self) -> None:
        before, after = [tally([False], (0.5,)), tally([True], (0.5,))], [tally([True], (0.75,)), tally([True], (0.75,))]
        lines = comparison.report({"scenes": after}, {"scenes": before}, ("new", "old")).splitlines()
        self.assertEqual(lines[0], "Of 2 scenes:")
        self.assertEqual(lines[2], "|  | new | old | difference in points |")
        self.assertEqual(lines[4], "| object right | 100.0 % (34.2 to 100.0; n 2) | 50.0 % (9.5 to 90.5; n 2) | "
                                   "+50.0 (-48.0 to +148.0); 1 of 2 better, 0 worse |")
        self.assertEqual(lines[5], "| mask IoU | 0.750 | 0.500 | +0.2500 (+0.2500 to +0.2500) |")
        same = comparison.report({"scenes": after}, {"scenes": after}, ("new", "old"))
        self.assertIn("| none of 2 differs |", same)

    def test_a_sum_of_tallies_is_the_tally_of_all_scenes(self) -> None:
        first, second = tally([True], (0.5,)), tally([False], (0.25,))
        second.confused["dog", "cat"] += 2
        second.by_object["dog"].append(False)
        total = Tally.sum([first, second, second])
        self.assertEqual((total.right["object"], total.values["mask"]), ([True, False, False], [0.5, 0.25, 0.25]))
        self.assertEqual((total.confused["dog", "cat"], total.by_object["dog"]), (4, [False, False]))


if __name__ == "__main__":
    unittest.main()
