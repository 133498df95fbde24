from __future__ import annotations

import math

import pytest

from pellucid.report import words


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "undefined"), (3, "3"), (1234567, "1,234,567"), (0.01234, "0.0123"), (123.456, "123"), (1e-7, "1.00e-07")],
)
def test_numbers_have_three_significant_digits(value: float | None, expected: str) -> None:
    assert words.number(value) == expected


def test_scores_shares_and_durations() -> None:
    assert (words.score(0.98765), words.score(53.81), words.score(None)) == ("0.988", "53.8", "undefined")
    assert (words.share(0.5), words.share(0.003), words.share(0.999)) == ("50 %", "0.3 %", "99.9 %")
    assert (words.seconds(3.21), words.seconds(200), words.seconds(8000)) == ("3.2 s", "3 min 20 s", "2 h 13 min")
    assert words.plural(1, "row") == "1 row" and words.plural(1200, "row") == "1,200 rows"


def test_plain_numbers_are_json() -> None:
    assert words.plain(math.nan) is None and words.plain(math.inf) is None
    assert words.plain(1 / 3) == 0.333333


def test_safe_text_has_no_markup_and_no_control_characters() -> None:
    assert words.safe("<b>\x07'\"") == "&lt;b&gt;\\x07&#x27;&quot;"
