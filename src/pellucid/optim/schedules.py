"""The schedules: the learning rate over a run, as a factor of `learning_rate`.

Each is a pure function of where the run is (`step` of `steps`, 0-based) and, for `plateau`, of the scores so far. There
is no counter inside, so a resumed run continues as if it had never stopped. Lengths are shares of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, inf, pi
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt

from pellucid.optim.optimizer import Schedule

Scores = Sequence[tuple[int, float]]
Factor = Annotated[float, Ge(0), Le(1)]


class Constant(Schedule):
    """The same rate throughout: 1."""

    kind: Literal["constant"] = "constant"

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """1."""
        return 1.0


class Step(Schedule):
    """Drops at even distances: drop ^ floor(step / (every steps))."""

    kind: Literal["step"] = "step"
    reference: ClassVar = "He et al. 2016, arXiv:1512.03385, section 3.4"
    every: Annotated[float, Gt(0), Le(1)] = 0.3
    """Share of the run between two drops; 0.3 drops at 30, 60 and 90 %."""
    drop: Annotated[float, Gt(0), Lt(1)] = 0.1
    """What each drop multiplies the rate by."""

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """The factor at `step`; the distance is rounded to whole steps, one at least."""
        period = max(1, round(self.every * steps))
        return self.drop ** (step // period)


class Cosine(Schedule):
    """Half a cosine from 1 down to `final`: final + (1 - final) (1 + cos(pi step / steps)) / 2.

    The last step stands one short of `final`, so that it still learns. One cycle, without the paper's restarts.
    """

    kind: Literal["cosine"] = "cosine"
    reference: ClassVar = "Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5"
    final: Factor = 0.0
    """The factor that the run ends at."""

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """The factor at `step`."""
        return _half_cosine(1.0, self.final, step / steps)


class Warmup(Schedule):
    """Rises evenly from near 0 to 1 over the first steps, then follows `then` over the rest.

    (step + 1) / n for the first n = share steps. `then` sees a run of its own: its step 0 is the first after the rise.
    """

    kind: Literal["warmup"] = "warmup"
    reference: ClassVar = "Goyal et al. 2017, arXiv:1706.02677, section 2.2"
    share: Annotated[float, Ge(0), Lt(1)] = 0.05
    """Share of the run that the rise takes."""
    then: Schedule = Cosine()
    """The schedule after the rise."""

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """The factor at `step`; `scores` go to `then` as they are."""
        rise = round(self.share * steps)
        if step < rise:
            return (step + 1) / rise
        return self.then.factor(step - rise, steps - rise, scores)


class OneCycle(Schedule):
    """Rises from `start` to 1 and falls to `final`, each along half a cosine.

    The paper's rise and fall are straight and its momentum moves against the rate; we follow the cosine of fastai and
    torch, and leave momentum alone. The last step stands at `final`.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    reference: ClassVar = "Smith 2018, arXiv:1803.09820; Smith and Topin 2018, arXiv:1708.07120"
    peak: Annotated[float, Gt(0), Lt(1)] = 0.3
    """Share of the run after which the rate is at its highest."""
    start: Factor = 1 / 25
    """The factor at the first step."""
    final: Factor = 1e-4
    """The factor at the last step."""

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """The factor at `step`."""
        last = steps - 1
        top = max(self.peak * steps - 1, 0.0)
        if step < top:
            return _half_cosine(self.start, 1.0, step / top)
        return _half_cosine(1.0, self.final, (step - top) / max(last - top, 1.0))


class Plateau(Schedule):
    """Drops whenever the score has not become better for a while: max(drop ^ number of drops, least).

    A score is better when it is under the best so far by `gain` of its size. After `patience` evaluations without one,
    the next such evaluation drops the rate and the waiting starts again; the best so far is kept.
    """

    kind: Literal["plateau"] = "plateau"
    drop: Annotated[float, Gt(0), Lt(1)] = 0.1
    """What each drop multiplies the rate by."""
    patience: Annotated[int, Ge(0)] = 5
    """Evaluations without a better score that are forgiven."""
    least: Factor = 0.0
    """The factor never goes under this."""
    gain: Annotated[float, Ge(0), Lt(1)] = 1e-4
    """How much better counts as better, as a share of the best score."""

    def factor(self, step: int, steps: int, scores: Scores) -> float:
        """The factor after `scores`; a score that is not a number is not better."""
        target, waited, drops = inf, 0, 0
        for _, score in scores:
            if score < target:
                target, waited = score - self.gain * abs(score), 0
                continue
            waited += 1
            if waited > self.patience:
                waited, drops = 0, drops + 1
        return max(self.drop**drops, self.least)


def _half_cosine(first: float, last: float, share: float) -> float:
    """From `first` at share 0 to `last` at share 1, flat at both ends."""
    return last + (first - last) * (1 + cos(pi * share)) / 2
