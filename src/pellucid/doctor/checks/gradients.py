"""Gradients on their way back through the layers, and through time: they shrink to nothing or grow without end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from statistics import median, quantiles
from typing import ClassVar, Literal, NamedTuple

from pellucid.doctor.check import Check
from pellucid.doctor.checks.facts import SHAKES, STANDS, evidence, number
from pellucid.doctor.checks.measure import (
    HOLDS,
    LAST,
    Sample,
    called,
    decay_wins,
    finite,
    judged,
    lasts,
    leapt,
    learnt,
    onset,
    rate_jump,
    recurrent_gains,
    series,
    updates,
)
from pellucid.doctor.history import EARLY, History
from pellucid.findings import Finding
from pellucid.record import Reading

VANISHES, GONE = 1e-2, 1e-3
"""Smallest over median gradient of the layers: a warning, an alarm (fault 1; healthy above 0.15)."""
FIRST_TO_LAST = 1e-3
"""Smallest over last gradient that is an alarm (AutoTrainer; healthy above 0.034): where each layer takes its share,
the median is small itself, so ten sigmoid layers have 0.006 to 0.02 by the rule above, and 1e-5 by this."""
HEALTHY = 0.03
"""The same above which a network that began so has recovered (healthy: above 0.034)."""
NOTHING_LEFT = 1e-4
"""The same from which it is an alarm though the loss has come down some way: an optimizer that divides by the size of
the gradient makes steps of it that are noise."""
CLIMBS = 0.8
"""Share of pairs of layers of which the later has the larger gradient that counts as falling towards the input: ours,
so that a zero-init residual branch or LoRA, small in between, is not called vanishing (`monotone` in fault 1)."""
SPIKE, TRAIL = 10.0, 50
"""Gradient norm over the median of so many before it that is a spike (fault 2: playbook)."""
DOUBLES, CHECKS = 2.0, 5
"""Growth of the norm per check, so many times in a row (fault 2: TheDeepChecker)."""
LAYER_RATIO = 70.0
"""First over last layer's gradient that explodes (fault 2: AutoTrainer)."""
STRETCHES = 1.1
"""Share of a signal that one step in time keeps, above which it explodes: Pascanu et al. 2013 show that more than 1 is
needed; the tenth is ours, for the spread of random matrices."""
BLOWN_UP = 100.0
"""First loss over that of the best constant at which a stretched signal is what makes it; ours: ten times the values
make a hundred times the loss."""
OUTLIER = 100.0
"""Loss of one batch over the median of those before it that no noise explains; ours, for the same reason."""
SHORT = 20
"""Length that is taken for a sequence whose length is not known; ours."""


class _Profile(NamedTuple):
    """Gradients of one reading, from input to output."""

    step: int
    names: list[str]
    sizes: list[float]

    @property
    def ratio(self) -> float:
        """The smallest over the median."""
        return min(self.sizes) / median(self.sizes)

    @property
    def left(self) -> float:
        """The smallest over that of the last layer."""
        return min(self.sizes) / self.sizes[-1]

    @property
    def vanishes(self) -> bool:
        """Whether it falls towards the input, by far."""
        return (self.ratio < VANISHES or self.left < FIRST_TO_LAST) and self.climbs >= CLIMBS

    @property
    def climbs(self) -> float:
        """Share of pairs of layers of which the later one has the larger gradient."""
        pairs = list(combinations(self.sizes, 2))
        return sum(later > earlier for earlier, later in pairs) / len(pairs)


class VanishingGradient(Check):
    """The gradient shrinks on its way back to the first layers, so these hardly learn."""

    kind: Literal["vanishing-gradient"] = "vanishing-gradient"
    cause: ClassVar = "backward"
    gate: ClassVar = "contract"  # harm is judged here: what hardly gets anything may still learn late, by luck
    explains: ClassVar = STANDS
    reference: ClassVar = "Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html"

    def look(self, history: History) -> Iterator[Finding]:
        """Through the layers, or else through time; a gradient of exactly 0 is dead, not vanishing, and left out."""
        profiles = _profiles(history)
        flags = [one.vanishes for one in profiles]
        begins = sum(flags[:LAST]) >= HOLDS and median(one.left for one in profiles[-LAST:]) < HEALTHY
        if not lasts(flags) and not begins:
            if history.harmed:
                yield from self._through_time(history)
            return
        faint = sum(one.left < NOTHING_LEFT for one in profiles[:LAST]) >= HOLDS and len(history.updates) >= EARLY
        if not history.harmed and not (faint and not learnt(history)):
            return
        last = next(one for one, flag in zip(reversed(profiles), reversed(flags), strict=True) if flag)
        samples = [Sample(one.step, one.ratio) for one in profiles]
        step = onset(samples, flags) if lasts(flags) else samples[0].step
        decayed = decay_wins(history)
        if step > profiles[0].step and (leapt(history, step) or (decayed is not None and decayed < step)):
            return  # too large steps or weight decay brought it about
        lowest = last.names[last.sizes.index(min(last.sizes))]
        place = history.layer_of(lowest).name
        moved = series(history, "update")
        ends = last.names[0], last.names[-1]
        yield Finding(
            "vanishing-gradient",
            "severe" if last.ratio < GONE or last.left < FIRST_TO_LAST else "warning",
            f"{called(history, place)} hardly learns: the gradient that reaches it is {last.left:.1g} of that of the "
            f"last layer (healthy: above {HEALTHY:g}).",
            place=place,
            evidence={
                "ratio": last.left,
                "to_median": last.ratio,
                "first": last.sizes[0],
                "last": last.sizes[-1],
                "layers": len(last.sizes),
                **{f"update of {name}": moved[name][-1].value for name in ends if name in moved},
            },
            cure=_cure(history),
            reference=self.reference,
            why="On its way back the gradient is multiplied by the slope of each activation, at most 0.25 for a "
            "sigmoid, and by the weights: many factors below 1 leave nothing.",
            confidence="persistent",
            step=step,
        )

    def _through_time(self, history: History) -> Iterator[Finding]:
        """Plain recurrent weights that forget, where the steps taken are not too small to learn anyway."""
        sizes = updates(history)
        if not sizes or median(one.value for one in sizes) < 1e-5:  # fault 12: the rate is at fault then
            return
        lengths = [known for fact in history.seen("input") if (known := number(fact, "length")) is not None]
        length = lengths[0] if lengths else SHORT
        for name, kept in recurrent_gains(history).items():
            if not 0 < kept < 1 or kept**length >= GONE:
                continue
            gone = math.ceil(math.log(GONE) / math.log(kept))
            place = history.layer_of(name).name
            yield Finding(
                "vanishing-gradient",
                "severe",
                f"{called(history, place)} forgets: each step in time keeps about {kept:.2f} of a signal, so "
                f"after {gone} {f'of {length:g} ' if lengths else ''}steps a thousandth is left (healthy: about 1.0).",
                place=place,
                evidence={"kept": kept, "steps_until_gone": gone, **({"length": length} if lengths else {})},
                cure=f"Use LSTM or GRU, or start with `torch.nn.init.orthogonal_({name})`.",
                reference="Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063",
                why="The gradient passes the same recurrent weights once for every step back in time, and shrinks each "
                "time.",
                confidence="likely",
                step=history.readings[0].step,
            )
            return


class ExplodingGradient(Check):
    """The gradient is suddenly, or more and more, many times larger than before, and throws the weights about."""

    kind: Literal["exploding-gradient"] = "exploding-gradient"
    cause: ClassVar = "backward"
    explains: ClassVar = SHAKES | STANDS
    reference: ClassVar = "Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063"

    def look(self, history: History) -> Iterator[Finding]:
        """Spikes, growth or steep layers; silent where steps that were too large came before: these are the cause."""
        norms = _norms(history)
        spikes = [
            (one, one.value / median(before))
            for place, one in enumerate(norms)
            if place >= CHECKS and (before := [each.value for each in norms[max(0, place - TRAIL) : place]])
            if one.value > SPIKE * median(before) > 0
        ]
        stretched = {name: gain for name, gain in recurrent_gains(history).items() if gain > STRETCHES}
        blown_up = bool(history.constant) and history.updates[0].loss > BLOWN_UP * (history.constant or 1.0)
        if stretched and (spikes or history.broken or leapt(history) or blown_up):
            yield self._through_time(history, *next(iter(stretched.items())))
            return
        grows = _growth(norms)
        steep = _steep(history)
        if (
            grows is not None
            and not leapt(history, grows.step)
            and not any(one.step <= grows.step for one, _ in spikes)
        ):
            yield self._finding(history, norms, grows.step, DOUBLES**CHECKS, 0)
        elif len(spikes) >= 2 and not leapt(history, spikes[0][0].step):
            yield self._finding(history, norms, spikes[0][0].step, max(ratio for _, ratio in spikes), len(spikes))
        elif steep is not None:
            yield self._steep(history, norms, steep)
        elif (odd := _outlier(history)) is not None:
            yield self._odd(history, norms, odd)

    def _finding(self, history: History, norms: list[Sample], step: int, ratio: float, spikes: int) -> Finding:
        times = f"{spikes} times since step {step} the gradient was up to {ratio:.3g} times as large as usual"
        grew = f"The gradient more than doubled at {CHECKS} looks in a row since step {step}"
        place = _largest(history, step)
        return Finding(
            "exploding-gradient",
            "severe",
            (times if spikes else grew) + f" (healthy: below {SPIKE:g} times).",
            place=place,
            evidence={"ratio": ratio, "spikes": spikes, "norm": max(one.value for one in norms)},
            cure=_clip(norms, step),
            reference=self.reference,
            why="A batch or a layer multiplies the gradient far above its usual size, and one such step undoes many.",
            confidence="persistent",
            step=step,
        )

    def _steep(self, history: History, norms: list[Sample], profile: _Profile) -> Finding:
        ratio = profile.sizes[0] / profile.sizes[-1]
        place = history.layer_of(profile.names[0]).name
        return Finding(
            "exploding-gradient",
            "severe",
            f"The gradient grows on its way back: at {called(history, place)} it is {ratio:.3g} times that of the last "
            f"layer (healthy: below {LAYER_RATIO:g} times).",
            place=place,
            evidence={"ratio": ratio, "first": profile.sizes[0], "last": profile.sizes[-1]},
            cure="Start the weights with `torch.nn.init.kaiming_normal_`, or put a LayerNorm between the layers; "
            + _clip(norms),
            reference=self.reference,
            why="On its way back the gradient is multiplied by the weights of each layer: factors above 1 explode.",
            confidence="persistent",
            step=profile.step,
        )

    def _odd(self, history: History, norms: list[Sample], batch: Sample) -> Finding:
        given = next(history.seen("input"), None)
        told: dict[str, float | int | str] = {"ratio": batch.value, "batch": batch.step}
        return Finding(
            "exploding-gradient",
            "severe",
            f"The batch of step {batch.step} has {batch.value:.3g} times the loss of those before it (healthy: below "
            f"{OUTLIER:g} times), though no step before was too large.",
            evidence=evidence(given, **told) if given else told,
            cure=f"Print `x.abs().max()` and `y.abs().max()` of batch {batch.step} and mend its rows; " + _clip(norms),
            reference=self.reference,
            why="Rows in other units or of another kind make an error many times the usual, and one step along it "
            "undoes all before.",
            confidence="likely",
            step=batch.step,
        )

    def _through_time(self, history: History, name: str, gain: float) -> Finding:
        place = history.layer_of(name).name
        return Finding(
            "exploding-gradient",
            "severe",
            f"{called(history, place)} explodes: each step in time multiplies a signal by about {gain:.2f} (healthy: "
            "about 1.0).",
            place=place,
            evidence={"gain": gain, "after_20_steps": gain**20},
            cure=f"Start with `torch.nn.init.orthogonal_({name})`; " + _clip(_norms(history)),
            reference=self.reference,
            why="Signal and gradient pass the same recurrent weights once for every step in time, and grow each time.",
            confidence="persistent",
            step=history.readings[0].step,
        )


def _profiles(history: History) -> list[_Profile]:
    """The gradients of every reading that knows at least three layers with one above 0."""
    names = [one.name for one in judged(history)]
    found: list[_Profile] = []
    for reading in history.readings:
        known = [(name, size) for name in names if (size := _gradient(reading, name)) > 0]
        if len(known) >= 3:
            found.append(_Profile(reading.step, [name for name, _ in known], [size for _, size in known]))
    return found


def _gradient(reading: Reading, name: str) -> float:
    value = reading.parameters.get(name, {}).get("gradient", 0.0)
    return value if finite(value) else 0.0


def _norms(history: History) -> list[Sample]:
    """The norm of all gradients together: of each step where it is known, else of each reading."""
    known = [Sample(update.step, update.norm) for update in history.updates if update.norm is not None]
    if not known:
        counts = {one.name: math.prod(one.shape) for one in history.parameters}
        for reading in history.readings:
            squares = [_gradient(reading, name) ** 2 * count for name, count in counts.items()]
            known.append(Sample(reading.step, math.sqrt(sum(squares))))
    return [one for one in known if finite(one.value)]


def _growth(norms: list[Sample]) -> Sample | None:
    """The first of the norms that more than double at each of five looks."""
    row = 0
    for place in range(1, len(norms)):
        row = row + 1 if norms[place].value > DOUBLES * norms[place - 1].value > 0 else 0
        if row == CHECKS:
            return norms[place - CHECKS]
    return None


def _outlier(history: History) -> Sample | None:
    """The first batch whose loss is far above that of those before it, with no step before that was too large."""
    losses = [abs(update.loss) for update in history.updates]
    for place in range(CHECKS, len(losses)):
        usual = median(losses[max(0, place - TRAIL) : place])
        if not finite(losses[place]):
            return None
        if losses[place] > OUTLIER * usual > 0:
            step = history.updates[place].step
            return None if leapt(history, step) or rate_jump(history, step) else Sample(step, losses[place] / usual)
    return None


def _steep(history: History) -> _Profile | None:
    """The first reading of those whose gradients explode towards the input, at the end or right from the start."""
    profiles = _profiles(history)
    flags = [one.sizes[0] > LAYER_RATIO * one.sizes[-1] and one.climbs <= 1 - CLIMBS for one in profiles]
    if lasts(flags) or (history.broken and sum(flags[:LAST]) >= HOLDS):
        return next(one for one, flag in zip(profiles, flags, strict=True) if flag)
    return None


def _largest(history: History, step: int) -> str:
    """The layer whose gradient stands out most at the reading next to a step, if any does."""
    profile = min(_profiles(history), key=lambda one: abs(one.step - step), default=None)
    if profile is None or max(profile.sizes) <= LAYER_RATIO * median(profile.sizes):
        return ""
    return history.layer_of(profile.names[profile.sizes.index(max(profile.sizes))]).name


def _clip(norms: list[Sample], before: float = math.inf) -> str:
    """Clipping at the 90th percentile of the norms before a step (tuning playbook)."""
    usual = [one.value for one in norms if one.step < before] or [one.value for one in norms]
    if not usual:
        return "clip the gradient with `torch.nn.utils.clip_grad_norm_`."
    most = quantiles(usual, n=10)[-1] if len(usual) > 1 else usual[0]
    return f"clip the gradient: `torch.nn.utils.clip_grad_norm_(model.parameters(), {most:.2g})`."


def _cure(history: History) -> str:
    if history.source == "run":
        return (
            "Set `model.activation: relu`, `model.norm: batch` or `model.residual: true`; `pellucid treat` tries them "
            "and proves which helps."
        )
    kinds = {layer.kind for layer in history.layers}
    squashing = sorted(kinds & {"Sigmoid", "Tanh", "Softsign", "Hardsigmoid", "Hardtanh"})
    if squashing:
        return (
            f"Put ReLU in place of {' and '.join(squashing)} and start the weights with "
            "`torch.nn.init.kaiming_normal_`; or put BatchNorm between the layers, or add residual connections."
        )
    return (
        "Start the weights with `torch.nn.init.kaiming_normal_`, put BatchNorm or LayerNorm between the layers, or add "
        "residual connections."
    )
