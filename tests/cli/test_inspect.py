"""`pellucid inspect`: what something is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("runs/shop-0001", "run"),
        ("runs/shop-0001/model", "pellucid-model"),
        ("runs/shop-0001/checkpoints/00000006", "pellucid-checkpoint"),
        ("runs/shop-0001/recipe.lock.yaml", "recipe"),
        ("iris", "table"),
        ("digits", "images"),
    ],
)
def test_what_it_is(tell: Tell, here: Path, path: str, kind: str) -> None:
    ended = tell("inspect", path)
    assert ended.code == 0 and ended.err == ""
    assert ended.out.startswith(f"kind: {kind}\n")
    assert tell("inspect", path, "--json").value["kind"] == kind


def test_a_table_with_a_target(tell: Tell, here: Path) -> None:
    value = tell("inspect", "shop.csv", "--target", "left", "--json").value
    assert value["rows"] == 120 and value["target"]["names"] == ["left"]
    assert [column["name"] for column in value["columns"]] == ["age", "city", "spent", "left"]


def test_damage_is_found(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    (mine / "runs/shop-0001/model/model.json").write_text("{}")
    assert "model.json" in refused(tell("inspect", "runs/shop-0001/model"), 3)


def test_texts_are_shown_with_lengths_words_and_samples(tell: Tell, reading: Path) -> None:
    out = tell("inspect", "facts.csv", "--target", "target").out
    assert "\n  source:\n    words:\n      shortest: " in out and "\n  samples: Is a " in out
    assert "\nlength: 0" not in out and "\npieces:" not in out
    assert '\n  samples:\n    0: "' in tell("inspect", "lines.txt").out


def test_lists_of_short_values_share_a_line(tell: Tell, here: Path) -> None:
    assert "\n  classes: no, yes\n" in tell("inspect", "shop.csv", "--target", "left").out
