"""Which products are faster on this machine, in fp32 or in bfloat16: a few steps of each are timed."""
import time
import typing

TIMED = 3  # steps of each, in turn, after one of each that is not timed
clock = time.perf_counter


class Timing(typing.NamedTuple):
    """Seconds of the fastest step of each."""

    fp32: float
    bf16: float

    @property
    def prefers_bf16(self) -> bool:
        return self.bf16 < self.fp32


def timed(step: typing.Callable[[bool], None]) -> Timing:
    """- step: makes one and waits for it, in bfloat16 if it is told so. What it leaves behind is the caller's to remove."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(TIMED + 1):
        for bf16, taken in seconds.items():
            began = clock()
            step(bf16)
            taken.append(clock() - began)
    return Timing(*(min(taken[1:]) for taken in seconds.values()))
