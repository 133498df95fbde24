"""Whole reports of networks over text, series and sound: plain JSON, one small page, every section in its place."""

from __future__ import annotations

import json

import pytest

from pellucid.report import html, text

SECTIONS = {
    "tagged": ("The rows with most mistakes", "Each token alone"),
    "melodies": ("Does a longer context help?", "What it writes", "What surprises it most", "Bigram"),
    "vectors": ("Which words are alike", "Unigram"),
    "translation": ("Word by word", "The worst", "Attention of"),
    "attentive": ("Attention of",),
    "airline": ("Linear autoregression", "Error by horizon", "How often the bands hold"),
    "vowels": ("Nearest neighbours", "Short and long", "How the answer forms"),
    "tones": ("cepstral coefficients", "data:image/png"),
    "opinions": ("Bag of words", "Gates and size"),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_page_has_its_sections(name, sequence_report) -> None:
    report = sequence_report(name)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    page = html.render(report)
    assert [words for words in SECTIONS[name] if words not in page] == []
    assert len(page.encode()) < 1_500_000 and "http://" not in page and "<script" not in page
    assert text.render(report).startswith(report["name"])


def test_parts_of_which_only_some_rows_were_asked_are_told(sequence_report) -> None:
    report = sequence_report("translation")
    assert report["scored"]["test"] == 300 < report["data"]["parts"]["test"]
    assert "Measured on" in html.render(report)
