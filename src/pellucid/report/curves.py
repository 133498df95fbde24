"""How training went, from the lines of the record."""

from __future__ import annotations

import math
from typing import Any

from pellucid.report.words import plain

POINTS = 240
REASONS = {
    "epochs": "all epochs were done",
    "patience": "the validation score stopped improving",
    "target": "the training loss reached its target",
}


def training_section(record: list[dict[str, Any]], seconds: float, examples_per_second: float) -> dict[str, Any]:
    """Curves of loss, metrics and learning rate, why training stopped and which weights were kept."""
    evaluated = [line for line in record if line.get("event") == "evaluated"]
    steps = [line for line in record if line.get("event") == "step"]
    stopped = next((line for line in reversed(record) if line.get("event") == "stopped"), None)
    best_step = stopped["best_step"] if stopped else next((e["step"] for e in reversed(evaluated) if e["best"]), None)
    kept = thin(evaluated, POINTS, [at for at, line in enumerate(evaluated) if line["step"] == best_step])
    section: dict[str, Any] = {
        "seconds": plain(seconds),
        "examples_per_second": plain(examples_per_second),
        "steps": steps[-1]["step"] if steps else (evaluated[-1]["step"] if evaluated else 0),
        "epochs": evaluated[-1]["epoch"] if evaluated else None,
        "best_step": best_step,
        "reason": REASONS.get(stopped["reason"], stopped["reason"]) if stopped else None,
        "step": [line["step"] for line in kept],
        "train_loss": [_number(line.get("train_loss")) for line in kept],
        "valid_loss": [_number(line.get("loss")) for line in kept],
        "metrics": {name: [_number(line["metrics"].get(name)) for line in kept] for name in _names(kept)},
        "learning_rate": [[line["step"], _number(line["learning_rate"])] for line in thin(steps, POINTS, [])],
    }
    section["batch_loss"] = _binned(steps)
    section["words"] = _words(section)
    return section


def thin(lines: list[dict[str, Any]], most: int, keep: list[int]) -> list[dict[str, Any]]:
    """At most about `most` of `lines`, evenly spread, the first, the last and those at `keep` among them."""
    if len(lines) <= most:
        return lines
    places = {round(at * (len(lines) - 1) / (most - 1)) for at in range(most)} | set(keep)
    return [lines[place] for place in sorted(places)]


def _binned(steps: list[dict[str, Any]]) -> list[list[float | None]]:
    """The loss of single batches as means of up to `POINTS` stretches: [last step of the stretch, mean]."""
    width = max(1, math.ceil(len(steps) / POINTS))
    binned: list[list[float | None]] = []
    for start in range(0, len(steps), width):
        losses = [line["loss"] for line in steps[start : start + width] if line["loss"] is not None]
        if losses:
            last = steps[min(start + width, len(steps)) - 1]
            binned.append([last["step"], plain(sum(losses) / len(losses))])
    return binned


def _names(lines: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in line["metrics"]))


def _number(value: float | None) -> float | None:
    return None if value is None else plain(value)


def _words(section: dict[str, Any]) -> str:
    """One sentence on what the curves show."""
    valid = [
        (step, loss) for step, loss in zip(section["step"], section["valid_loss"], strict=True) if loss is not None
    ]
    if len(valid) < 2:
        return "Training was looked at too seldom for a curve."
    low_step, low = min(valid, key=lambda point: point[1])
    first, last = valid[0][1], valid[-1][1]
    if last > low + 0.05 * abs(first - low) + 1e-9 and low_step < valid[-1][0]:
        return (
            f"The validation loss was lowest at step {low_step:,} and rose afterwards, while the network kept fitting "
            "its training rows: that is overfitting, and stopping early helps."
        )
    if low_step >= valid[int(len(valid) * 0.9)][0] and low < first:
        return "The validation loss was still falling at the end: longer training may help."
    return "The validation loss fell and levelled off."
