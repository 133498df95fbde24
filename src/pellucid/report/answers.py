"""What a report says about each kind of answer: where it errs, simpler models, and one example in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.report import boxes, classes, forecasts, language, masks, neighbours, pairs, sentences, steps, values
from pellucid.report import simple_sequences as simple
from pellucid.report.baselines import Baseline, ladder
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome
from pellucid.report.spelling import lengths


@dataclass(frozen=True)
class Answer:
    """The three things a report needs of a kind of answer; its page is drawn by `errors_html`, by the same name."""

    section: Callable[[Evidence, Outcome, Outcome], dict[str, Any]]
    """(evidence, validation, test) -> where it errs, with the `kind` that the page is drawn by."""
    baselines: Callable[[Evidence, Outcome, Outcome, Outcome], list[Baseline]]
    """(evidence, train, validation, test) -> simpler models on the same rows."""
    told: Callable[[Evidence, Outcome, int], dict[str, Any]] | None = None
    """`truth`, `prediction` and what else can be said of the example at a place of the outcome; None where the section
    itself shows the worst ones."""
    positions: int | None = None
    """Positions of the parts that are not judged which the network is asked about, at most; None: all."""


def _ladder(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """One question for each row of a table, image, text, series or sound."""
    models = simple.ladder if lengths(train.batch) is not None else ladder
    return models(evidence, train, valid, test)


ANSWERS = {
    "classes": Answer(classes.classes_section, _ladder, classes.told),
    "labels": Answer(classes.classes_section, _ladder, classes.told),
    "values": Answer(values.values_section, _ladder, values.told),
    "mask": Answer(masks.masks_section, masks.baselines, masks.told),
    "boxes": Answer(boxes.boxes_section, boxes.baselines, boxes.told),
    "pairs": Answer(pairs.pairs_section, pairs.pair_baselines, pairs.told),
    "steps": Answer(steps.steps_section, steps.baselines, positions=200_000),
    "next": Answer(language.language_section, language.baselines, positions=200_000),
    "neighbours": Answer(neighbours.neighbours_section, neighbours.baselines, positions=200_000),
    "sentence": Answer(sentences.sentences_section, sentences.baselines, positions=2_000),
    "future": Answer(forecasts.forecasts_section, forecasts.baselines, positions=200_000),
}


def tell(evidence: Evidence, outcome: Outcome, place: int) -> dict[str, Any]:
    """What can be said of one example."""
    told = answer(evidence).told
    return told(evidence, outcome, place) if told is not None else {}


def answer(evidence: Evidence) -> Answer:
    """That of the task."""
    return ANSWERS[type(evidence.task).answers]
