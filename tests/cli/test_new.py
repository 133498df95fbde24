"""`pellucid new`: a commented recipe from data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Tell = Callable[..., Any]


def test_a_commented_recipe_that_trains(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    ended = tell("new", "shop.csv", "--target", "left")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "recipe: shop.yaml",
        "next: pellucid check shop.yaml && pellucid train shop.yaml",
    ]
    text = (mine / "shop.yaml").read_text()
    assert text.startswith("# 120 rows of shop.csv: 84 train, 18 valid, 18 test\n") and "city" in text
    trained = tell(
        "train", "shop.yaml", "-s", "method.epochs=1", "-s", "threads=1", "-q", "--no-report", "--run", "made"
    )
    assert trained.code == 0, trained.err
    assert (mine / "made/recipe.yaml").read_text() == text
    assert "--force" in refused(tell("new", "shop.csv", "--target", "spent"))
    assert (mine / "shop.yaml").read_text() == text
    assert tell("new", "shop.csv", "--target", "spent", "--force").code == 0
    assert "# target: spent (values;" in (mine / "shop.yaml").read_text()


def test_elsewhere_and_on_standard_output(tell: Tell, mine: Path) -> None:
    assert tell("new", "shop.csv", "-t", "left", "-o", "other.yaml", "--json").value["recipe"] == "other.yaml"
    text = (mine / "other.yaml").read_text()
    assert tell("new", "shop.csv", "-t", "left", "-o", "-").out.rstrip() == text.rstrip()
    assert tell("new", "shop.csv", "-t", "left", "-o", "-", "--json").value["recipe"] == text
    assert not (mine / "shop.yaml").exists()


def test_what_looks_dangerous_is_told(tell: Tell, mine: Path) -> None:
    head, *lines = (mine / "shop.csv").read_text().splitlines()
    (mine / "leaky.csv").write_text("\n".join([f"{head},copy", *(f"{one},{one.split(',')[-1]}" for one in lines)]))
    ended = tell("new", "leaky.csv", "-t", "left")
    assert ended.code == 0 and "copy" in ended.err
    assert "look at this before you trust a score" in (mine / "leaky.yaml").read_text()
