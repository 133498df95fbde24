"""Coloured text."""

from __future__ import annotations

from pellucid.report.tokens_html import labelled, shown, surprise


def test_markup_in_a_text_stays_text() -> None:
    evil = "<b>&"
    page = surprise([evil, "a\n"], [0.0, 20.0])
    assert "<b>" not in page and "&lt;b&gt;&amp;" in page and 'class="h9"' in page and "↵<br>" in page
    page = labelled([evil, " x"], [0, 1], [1, 1], ["<i>", "u"], 0)
    assert "said u, true &lt;i&gt;" in page and "<i>" not in page.replace("</i>", "")


def test_blanks_stay() -> None:
    assert shown("  a") == "  a" and shown("\n\n") == "↵<br>↵<br>"


def test_the_quiet_class_has_no_colour_and_unjudged_tokens_are_soft() -> None:
    page = labelled(["a ", "b ", "c "], [0, 1, -1], [0, 1, 0], ["O", "B"], 0)
    assert page.count("--c:") == 1 and page.count("soft") == 1 and "miss" not in page
