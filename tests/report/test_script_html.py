"""The page of a watched script."""

from __future__ import annotations

from typing import Any

from pellucid.report.script_html import script_page, script_part

FINDING = {
    "check": "softmax-twice", "severity": "severe", "message": "<b>probabilities</b>", "place": "2",
    "evidence": {"rows": 1.0, "line": "train.py:9"}, "cure": "Leave it away.", "why": "It is done twice.",
    "reference": "", "confidence": "contract", "step": 0, "explains": ["dead-units"],
}  # fmt: skip


def told(**changes: Any) -> dict[str, Any]:
    layer = {"name": "0", "kind": "Linear", "says": "Linear(4, 8)", "line": "train.py:3"}
    history = {
        "updates": [{"loss": 1.5}, {"loss": None}], "constant": 1.0986,
        "optimizer": {"kind": "SGD", "learning_rate": 0.1},
        "layers": [layer], "readings": [{"layers": {"0": {"deviation": 0.25, "dead": None}}}],
    }  # fmt: skip
    plain = {"script": "a<b>.py", "exit": 0, "steps": 2, "overhead": 0.004, "findings": [FINDING], "silenced": []}
    return plain | {"history": history} | changes


def test_everything_is_on_the_page_and_nothing_is_markup() -> None:
    page = script_page(told())
    for part in ("a&lt;b&gt;.py", "&lt;b&gt;probabilities&lt;/b&gt;", "Leave it away.", "train.py:9", "1.10",
                 "Linear(4, 8)", "train.py:3", "0.25", "undefined", "0.4 %"):  # fmt: skip
        assert part in page, part
    assert "<b>probabilities" not in page and "http" not in page.split("</title>")[1].replace("http-equiv", "")


def test_the_headline_says_how_it_stands() -> None:
    assert "Nothing was found" in script_page(told(findings=[]))
    assert "No training step was seen" in script_page(told(findings=[], steps=0))


def test_what_is_silenced_stands_with_its_reason() -> None:
    page = script_page(told(findings=[], silenced=[FINDING | {"reason": "it is meant"}]))
    assert "it is meant" in page and 'id="diagnosis"' not in page


def test_a_notebook_gets_no_page() -> None:
    shown = script_part(told(), alone=True)
    assert shown.startswith('<div class="pellucid">') and "<body" not in shown


def test_proofs_stand_behind_the_findings() -> None:
    page = script_page(told(proofs=[{"said": ["softmax-twice: unverified", "-x = softmax(x)"]}]))
    assert 'id="cures"' in page and "-x = softmax(x)" in page and 'id="cures"' not in script_page(told())
