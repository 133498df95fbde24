from __future__ import annotations

import pytest
from pydantic import ValidationError

from pellucid.parts import Part


class Sample(Part):
    rate: float = 0.5
    count: int | None = None
    sizes: tuple[int, ...] = ()
    named: dict[str, float] = {}
    flag: bool = False
    text: str = ""
    either: str | float = ""


@pytest.mark.parametrize(
    "fields",
    [
        {"rate": True},
        {"rate": "0.5"},
        {"count": True},
        {"count": "3"},
        {"sizes": [1, False]},
        {"named": {"a": "1"}},
        {"named": {"a": True}},
    ],
)
def test_text_and_truth_are_no_numbers(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expected a number"):
        Sample.model_validate(fields)


def test_numbers_text_and_truth_go_where_they_belong() -> None:
    sample = Sample(rate=1, count=3, sizes=(1, 2), named={"a": 1}, flag=True, text="3", either="x")
    assert sample.dump() == {
        "rate": 1.0,
        "count": 3,
        "sizes": [1, 2],
        "named": {"a": 1.0},
        "flag": True,
        "text": "3",
        "either": "x",
    }
