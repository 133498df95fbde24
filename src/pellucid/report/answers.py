"""What a report says about each kind of answer: where it errs, simpler models, and one example in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.report import boxes, classes, masks, pairs, values
from pellucid.report.baselines import Baseline, ladder
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome


@dataclass(frozen=True)
class Answer:
    """The three things a report needs of a kind of answer; its page is drawn by `errors_html`, by the same name."""

    section: Callable[[Evidence, Outcome, Outcome], dict[str, Any]]
    """(evidence, validation, test) -> where it errs, with the `kind` that the page is drawn by."""
    baselines: Callable[[Evidence, Outcome, Outcome, Outcome], list[Baseline]]
    """(evidence, train, validation, test) -> simpler models on the same rows."""
    told: Callable[[Evidence, Outcome, int], dict[str, Any]]
    """`truth`, `prediction` and what else can be said of the example at a place of the outcome."""


ANSWERS = {
    "classes": Answer(classes.classes_section, ladder, classes.told),
    "labels": Answer(classes.classes_section, ladder, classes.told),
    "values": Answer(values.values_section, ladder, values.told),
    "mask": Answer(masks.masks_section, masks.baselines, masks.told),
    "boxes": Answer(boxes.boxes_section, boxes.baselines, boxes.told),
    "pairs": Answer(pairs.pairs_section, pairs.pair_baselines, pairs.told),
}


def answer(evidence: Evidence) -> Answer:
    """That of the task."""
    return ANSWERS[type(evidence.task).answers]
