"""The page about sentences."""

from __future__ import annotations

from pellucid.report.sentences_html import sentences


def test_sentences_stand_beside_what_was_wanted() -> None:
    row = {"row": 1200, "source": "a <b>", "written": "c & d", "reference": "e", "score": 12.5}
    found = {"title": "chrF", "exact": 0, "examples": {"best": [row], "middle": [], "worst": [row]}}
    page = sentences({"errors": found, "judged_rows": 1})
    assert page.count("a &lt;b&gt;") == 2 and "c &amp; d" in page and "row 1,200" in page and "12.5" in page
    assert "In the middle" not in page and "The worst" in page
