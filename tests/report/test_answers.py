"""Every kind of answer has its part of a report."""

from __future__ import annotations

from pellucid.parts import kinds, load_kind
from pellucid.report.answers import ANSWERS, answer, tell
from pellucid.report.errors_html import SECTIONS
from pellucid.report.outcome import outcome
from pellucid.tasks.task import Task


def test_every_task_has_a_section_and_a_page() -> None:
    asked = {load_kind(Task, kind).answers for kind in kinds(Task)}
    assert asked <= set(ANSWERS) and set(ANSWERS) == set(SECTIONS)


def test_one_example_is_told_where_no_section_does_it(evidence, sequence) -> None:
    sample = evidence("iris")
    assert tell(sample, outcome(sample, "test"), 0)["truth"] in sample.signature.target.classes
    labelling = sequence("tagged")
    assert answer(labelling).told is None and tell(labelling, outcome(labelling, "test"), 0) == {}


def test_tables_and_sequences_have_ladders_of_their_own(evidence, sequence) -> None:
    for made, names in (
        (evidence("iris"), ["constant", "linear", "neighbours"]),
        (sequence("opinions"), ["constant", "words"]),
    ):
        parts = [outcome(made, part) for part in ("train", "valid", "test")]
        assert [rung.name for rung in answer(made).baselines(made, *parts)] == names
