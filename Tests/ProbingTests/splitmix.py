"""Analysis' generator of random numbers, so that scripts draw what Swift draws."""

import numpy

GAMMA = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def words(self, count):
        """The next numbers, 64 bits each."""
        with numpy.errstate(over="ignore"):
            z = numpy.uint64(self.state) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(GAMMA)
            z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        self.state = (self.state + count * GAMMA) & MASK
        return z ^ (z >> numpy.uint64(31))

    def uniform(self, count):
        return (self.words(count) >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53

    def below(self, bound):
        while True:
            product = int(self.words(1)[0]) * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64

    def shuffle(self, values, places):
        """Fisher and Yates' shuffle of the values at some places."""
        for last in range(len(places) - 1, 0, -1):
            a, b = places[last], places[self.below(last + 1)]
            values[a], values[b] = values[b], values[a]
