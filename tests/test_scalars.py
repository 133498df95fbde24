from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.scalars import bad_text, quoted, read_plain, write_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E+3", -1500.0),
        ("010", 10),
        ("-0", 0),
        ("+7", 7),
        ("0o17", 15),
        ("0xFF", 255),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        ("٣", "٣"),
        ("infinity", "infinity"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = read_plain(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["1e400", ".inf", "-.INF", ".nan", "9" * 5000, "9223372036854775808", "0x" + "f" * 99])
def test_numbers_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_plain(text)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none())
def test_numbers_and_words_read_back(value: bool | int | float | None) -> None:
    assert repr(read_plain(write_scalar(value))) == repr(value)


@pytest.mark.parametrize("text", ["churn.csv", "./a b/c.csv", "/data/x", "naïve", "snake_case", "..//x"])
def test_ordinary_text_stays_bare(text: str) -> None:
    assert write_scalar(text) == text


@pytest.mark.parametrize("text", ["", "no", "ON", "null", "1e3", "010", "a: b", "a #b", "- a", "*x", "a ", "1:2", "y"])
def test_text_that_would_read_otherwise_is_quoted(text: str) -> None:
    assert write_scalar(text) == quoted(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, "a\0", "\ud800"])
def test_what_cannot_be_written(value: float | int | str) -> None:
    with pytest.raises(ValueError, match="must"):
        write_scalar(value)


def test_bad_text_names_the_reason() -> None:
    assert bad_text("fine é 😀") is None
    assert "NUL" in str(bad_text("\0"))
    assert "surrogate" in str(bad_text("\udfff"))
