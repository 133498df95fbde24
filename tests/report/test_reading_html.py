"""The section about reading."""

from __future__ import annotations

import copy

from pellucid.report.reading_html import heated, reading


def test_nothing_to_see_is_no_section() -> None:
    assert reading({"reading": None}) == ""


def test_layers_and_tokens_are_named(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("attentive"))
    for row in report["reading"]["rows"]:
        row["attention"][0]["down"] = ["<script>"] * len(row["attention"][0]["down"])
    page = reading(report)
    assert "<script" not in page and "head 2" in page and "&lt;script&gt;" in page
    assert "forget gate" not in page and "update gate" in reading(sequence_report("opinions"))


def test_only_an_embedded_picture_is_drawn() -> None:
    uri = "data:image/png;base64,AAAA"
    assert heated("a", 'x" onload="y', ["b"], ["c"]) == "" and uri in heated("a", uri, ["b"], ["c"])


def test_many_positions_are_numbered_instead_of_named() -> None:
    page = heated("", "data:image/png;base64,AAAA", [""] * 4, [f"word{at}" for at in range(90)])
    assert "word1" not in page and ">80<" in page
