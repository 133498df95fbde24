from __future__ import annotations

from pellucid.findings import Finding
from pellucid.report.diagnosis_html import diagnosis_html


def test_a_finding_is_shown_with_its_numbers_and_its_cure():
    finding = Finding(
        "dead-units", "severe", "Units <never> answer.", "trunk.0", evidence={"dead": 0.61234, "kind": "ReLU"},
        cure="Lower the rate.", why="A step was too long.", step=1200, explains=("cannot-fit",), reference="a paper",
    )  # fmt: skip
    page = diagnosis_html([finding.as_json()])
    assert 'id="diagnosis"' in page and "&lt;never&gt;" in page and 'class="warn severe"' in page
    for text in ("dead 0.612, kind ReLU", "1,200", "A step was too long.", "cannot-fit", "Lower the rate.", "a paper"):
        assert text in page


def test_where_nothing_was_found_there_is_no_section():
    assert diagnosis_html([]) == ""
    bare = diagnosis_html([Finding("a", "info", "b").as_json()])
    assert "why" not in bare and "since step" not in bare


def test_what_was_treated_before_is_said():
    page = diagnosis_html([], ["vanishing-gradient: model.activation: <sigmoid> -> relu; likely"])
    assert "Treated before this training: vanishing-gradient: model.activation: &lt;sigmoid&gt;" in page
