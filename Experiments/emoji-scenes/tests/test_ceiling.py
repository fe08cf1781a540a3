"""Ceilings are of the prompts that attnlab plans, told by kinds of prompts, and by each reader apart."""
import csv
import json
import pathlib
import tempfile
import unittest
import unittest.mock

import ceiling
from recipe import captions, settings

SECOND = settings.load(edition=settings.FOLDER / "second-edition.yaml")


class CeilingTests(unittest.TestCase):
    def test_kinds_of_prompts(self) -> None:
        for prompt, expected in {
            "a red dog": "one of the core, in eight colors", "a red bear": "one other, in eight colors",
            "a white dog": "one of the core, white or black", "a bear at night": "one other, without a color",
            "a red dog and a blue cat": "two of the core, in eight colors",
            "a red dog and a black bear": "one of the core and another, white or black",
            "a red bear and a blue bus": "two others, in eight colors",
        }.items():
            self.assertEqual(ceiling.kind(captions.scene_of(prompt, SECOND.world), SECOND.world.core), expected)
        self.assertEqual(ceiling.kind(captions.scene_of("a red dog", SECOND.world), ()), "one, in eight colors")

    def test_prompts_are_those_that_attnlab_plans_each_once(self) -> None:
        planned = {"groups": [{"runs": [{"prompt": "a red dog"}, {"prompt": "a bus"}]}, {"runs": [{"prompt": "a red dog"}]}]}
        with unittest.mock.patch.object(ceiling.commands, "output", return_value=json.dumps(planned)) as asked:
            self.assertEqual(ceiling.prompts(pathlib.Path("attnlab"), pathlib.Path("file")), ["a red dog", "a bus"])
        self.assertEqual(asked.call_args.args, (pathlib.Path("attnlab"), "plan", pathlib.Path("file"), "--json"))
        with self.assertRaisesRegex(ceiling.RecipeError, "1 prompts are no captions of this world: a zebra"):
            ceiling.scenes(["a red dog", "a zebra"], SECOND)

    def test_report_and_table_of_both_readers(self) -> None:
        def read(prompt: str, first: float | None, second: float | None) -> ceiling.Read:
            answers = {name + end: value for end, value in (("", first), ("_second", second)) for name in ceiling.METRICS}
            return ceiling.Read(prompt, "one", answers)

        found = [read("a", 1, 1), read("a", 0, 1), read("b", None, 1)]
        lines = ceiling.report(found, 2, ceiling.READERS).splitlines()
        self.assertTrue(lines[0].startswith("Of 2 prompts, 2 drawn scenes each"))
        rows = [line for line in lines if line.startswith("| one |")]
        self.assertEqual([row.split(" | ")[1:3] for row in rows],
                         [["2", "50.0 % (9.5 to 90.5; n 2)"], ["2", "100.0 % (43.8 to 100.0; n 3)"]])
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "scenes.csv"
            ceiling.write(found, file)
            rows = list(csv.reader(file.read_text().splitlines()))
        self.assertEqual(rows[0][:3], ["prompt", "kind", "object_present"])
        self.assertEqual([row[2] for row in rows[1:]], ["1", "0", ""])


if __name__ == "__main__":
    unittest.main()
