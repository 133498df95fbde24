"""The page about labelling."""

from __future__ import annotations

import copy

from pellucid.report.steps_html import steps

EVIL = "<script>x</script>"


def test_tokens_and_classes_are_text(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("tagged"))
    report["errors"]["names"] = [EVIL + name for name in report["errors"]["names"]]
    for row in report["errors"]["rows"]:
        row["tokens"] = [EVIL for _ in row["tokens"]]
    assert "<script" not in steps(report)


def test_rows_without_tokens_are_bands_of_runs() -> None:
    row = {"row": 3, "wrong": 1, "judged": 3, "length": 9, "truth": [0, 0, 1, -1], "said": [0, 1, 1, 0]}
    counted = {"name": "a", "rows": 2, "predicted": 1, "precision": 1.0, "recall": 0.5, "f1": None}
    found = {"judged": 3, "names": ["a", "b"], "by_class": [counted, counted | {"name": "b"}], "rows": [row]}
    page = steps({"errors": found})
    assert "1 of 3 wrong, the first 4 of 9 positions" in page
    assert page.count("<rect") == 2 + 3 and "undefined" in page
