from __future__ import annotations

import pytest

from pellucid.report.elements import PICTURE


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "diabetes", "labels", "digits"])
def test_mistakes_are_sorted_and_come_from_the_test_part(name, report, evidence) -> None:
    rows = report(name)["mistakes"]
    losses = [row["loss"] for row in rows]
    assert losses == sorted(losses, reverse=True) and losses
    assert {row["row"] for row in rows} <= set(evidence(name).dataset.test.row_B.tolist())


def test_a_mistake_shows_the_row_as_it_stood(report, evidence) -> None:
    row = report("iris")["mistakes"][0]
    assert row["cells"] == evidence("iris").cells(row["row"])
    assert row["truth"] in ("setosa", "versicolor", "virginica")


def test_a_mistaken_image_is_embedded(report) -> None:
    assert all(PICTURE.fullmatch(row["image"]) for row in report("digits")["mistakes"])


def test_series_are_drawn_and_texts_are_shown(sequence_report) -> None:
    rows = sequence_report("vowels")["mistakes"]
    assert all(len(row["lines"]) == 3 and 1 < len(row["lines"][0]) <= 30 for row in rows)
    assert all("tea" in row["cells"]["text"] for row in sequence_report("opinions")["mistakes"])
    assert sequence_report("tagged")["mistakes"] == []
