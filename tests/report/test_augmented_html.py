from __future__ import annotations

from pellucid.report.augmented_html import augmented_html

DOT = "data:image/png;base64,AAAA"
FOUND = {
    "parts": [{"kind": "flip", "horizontal": 0.5, "vertical": 0.0}, {"kind": "<b>"}],
    "rows": [{"row": 1200, "class": "<cat>", "pictures": [DOT, DOT, 'x" onerror="alert(1)']}],
}


def test_the_section_shows_every_picture_and_says_what_was_done() -> None:
    page = augmented_html(FOUND)
    assert page.startswith('<section id="augmented">') and page.count("<img") == 2
    assert "flip (horizontal 0.5, vertical 0), then &lt;b&gt;" in page
    assert "&lt;cat&gt;" in page and "row 1,200" in page and "Version 2" in page and "<cat>" not in page
    assert "onerror" not in page, "only embedded pictures are shown"


def test_without_augmentation_there_is_no_section() -> None:
    assert augmented_html(None) == "" and augmented_html({"parts": [], "rows": []}) == ""
