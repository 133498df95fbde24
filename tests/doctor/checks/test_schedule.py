from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import Fact, History
from pellucid.findings import Finding

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]


def rated(stack: Stack, rates: Sequence[float], facts: Sequence[Fact] = ()) -> History:
    history = stack(losses=(1.0,) * len(rates), facts=facts)
    history.updates = [replace(one, learning_rate=rate) for one, rate in zip(history.updates, rates, strict=True)]
    return history


def test_a_rate_that_falls_to_nothing_at_once(stack: Stack, look: Look) -> None:
    fact = Fact("schedule", 200, "StepLR", {"per_epoch_batches": 25})
    (finding,) = look("schedule-ends-early", rated(stack, [0.1 * 0.5**step for step in range(200)], [fact]))
    assert finding.step == 11 and "25 batches in an epoch" in finding.cure
    assert not look("schedule-ends-early", rated(stack, [0.1 * 0.97**step for step in range(200)]))
    assert not look("schedule-ends-early", rated(stack, [0.1 - step / 2001 for step in range(200)]))


def test_a_cosine_that_is_run_over_its_end(stack: Stack, look: Look) -> None:
    fact = Fact("schedule", 200, "CosineAnnealingLR", {"planned": 25, "stepped": 200})
    (finding,) = look("schedule-ends-early", stack(facts=[fact]))
    assert "planned for 25 steps" in finding.message and finding.step == 200
    assert not look("schedule-ends-early", stack(facts=[replace(fact, place="CosineAnnealingWarmRestarts")]))


def test_steps_that_a_scaler_leaves_out(stack: Stack, look: Look) -> None:
    facts = [Fact("step-skipped", step, "", {"share": 1.0, "scale": scale}) for step, scale in ((5, 65536), (90, 64))]
    (finding,) = look("steps-skipped", stack(facts=facts))
    assert "100%" in finding.message and "bfloat16" in finding.cure
    assert not look("steps-skipped", stack(facts=[replace(facts[0], values={"share": 0.05})]))
    assert not look("steps-skipped", stack(facts=facts[::-1])), "the scale grows again"


def shrinking(decay: float, kind: str = "AdamW") -> dict[str, float | str]:
    return {"kind": kind, "weight_decay": decay, "learning_rate": 0.1}


@pytest.mark.parametrize("kind", ["AdamW", "SGD"])
def test_decay_that_wins_over_the_gradient(stack: Stack, look: Look, kind: str) -> None:
    history = stack(parameters=lambda layer, step: {"norm": 4.0 * 0.99**step, "update": 0.1, "gradient": 1e-3})
    history.optimizer = shrinking(1.0 if kind == "AdamW" else 0.1, kind)
    (finding,) = look("over-regularised", history)
    assert finding.step == 1 and float(finding.evidence["left"]) < 0.2
    history.optimizer = shrinking(0.0)
    assert not look("over-regularised", history)
    growing = stack(parameters=lambda layer, step: {"norm": 4.0 + step, "update": 0.1, "gradient": 1e-3})
    growing.optimizer = shrinking(1.0)
    assert not look("over-regularised", growing), "weights that grow are not held down"


def test_clipping_that_leaves_no_step(stack: Stack, look: Look) -> None:
    fact = Fact("clipped", 200, "", {"share": 1.0, "before": 2.0, "after": 1e-4})
    (finding,) = look("clip-strangles", stack(facts=[fact], parameters=lambda layer, step: {"update": 1e-6}))
    assert "from a gradient of 2 to 0.0001" in finding.message
    assert "clip_grad_norm_(model.parameters(), 2)" in finding.cure
    assert not look("clip-strangles", stack(facts=[fact])), "Adam does not mind"
    rare = replace(fact, values={"share": 0.1})
    assert not look("clip-strangles", stack(facts=[rare], parameters=lambda layer, step: {"update": 1e-6}))


def test_clipping_of_a_run_is_read_from_its_norms(stack: Stack, look: Look) -> None:
    history = stack(parameters=lambda layer, step: {"update": 1e-6})
    history.updates = [replace(update, norm=2.0) for update in history.updates]
    history.optimizer["clip"] = 1e-4
    assert look("clip-strangles", history)


def test_steps_that_climb(stack: Stack, look: Look) -> None:
    fact = Fact("sign", 10, "", {"worse": 1.0, "probes": 10}, "train.py:7")
    (finding,) = look("wrong-sign", stack(facts=[fact]))
    assert "100% of 10 steps led up" in finding.message and finding.step == 10
    assert finding.evidence["line"] == "train.py:7"
    (flipped,) = look("wrong-sign", stack(facts=[replace(fact, values={"worse": 1.0, "probes": 10, "flipped": 1})]))
    assert "its sign changes before the backward pass" in flipped.message
    assert not look("wrong-sign", stack(facts=[replace(fact, values={"worse": 0.5, "probes": 10})]))
    assert not look("wrong-sign", stack(facts=[replace(fact, values={"worse": 1.0, "probes": 3})]))


def test_a_loss_that_falls_without_a_floor(stack: Stack, look: Look) -> None:
    fact = Fact("sign", 10, "", {"worse": 0.0, "probes": 10}, "train.py:7")
    (finding,) = look("wrong-sign", stack(losses=[-1.8 - (step / 20) ** 2 for step in range(200)], facts=[fact]))
    assert "falls ever faster" in finding.message and finding.evidence["line"] == "train.py:7"
    likelihood = [-1.8 - 30 * (1 - 0.98**step) for step in range(200)]
    assert not look("wrong-sign", stack(losses=likelihood)), "it slows down"


def test_decay_that_holds_a_network_back(stack: Stack) -> None:
    def severities(loss: float) -> list[str]:
        history = stack(
            losses=[2.0, 1.5, *[loss] * 198],
            parameters=lambda layer, step: {"norm": 4.0 * 0.99**step, "update": 0.1, "gradient": 1e-3},
        )
        history.optimizer = shrinking(1.0)
        return [one.severity for one in diagnose(history) if one.check == "over-regularised"]

    assert severities(0.8) == ["severe"]
    assert severities(0.1) == [], "there is little left to learn"
