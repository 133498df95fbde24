"""The page about language models."""

from __future__ import annotations

import copy

from pellucid.report.language_html import language


def test_simpler_models_are_drawn_beside_the_curve(sequence_report) -> None:
    report = sequence_report("melodies")
    page = language(report)
    assert all(title in page for title in ("Bigram", "3-gram", "5-gram")) and "bits per character" in page


def test_tokens_without_characters_are_counted_by_token(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("melodies"))
    for row in report["errors"]["by_position"]:
        row["character"] = None
    assert "bits per token" in language(report)


def test_what_is_written_is_text_and_keeps_its_lines(sequence_report) -> None:
    report = copy.deepcopy(sequence_report("melodies"))
    report["errors"]["samples"] = [{"temperature": 1.0, "prompt": "<b>a", "text": "b\nc<script>"}]
    page = language(report)
    assert "<b>&lt;b&gt;a</b>b<br>c&lt;script&gt;" in page
