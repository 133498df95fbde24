"""The kind of a family that is not named is guessed from its keys, where only one fits."""

from __future__ import annotations

import pytest

from pellucid.errors import RecipeError
from pellucid.families.family import Family
from pellucid.recipe import recipe_of


def test_keys_that_one_family_has_name_it() -> None:
    assert Family.guess_kind({"widths": [3]}) == "mlp"
    assert Family.guess_kind({"channels": [8]}) == "cnn"
    assert recipe_of("iris", None, {"model.widths": [5, 4]})[0].dump()["model"] == {
        **recipe_of("iris", None, {"model": {"kind": "mlp", "widths": [5, 4]}})[0].dump()["model"]  # pyright: ignore
    }


def test_keys_of_several_or_none_name_nothing() -> None:
    assert Family.guess_kind({"dropout": 0.1}) is None
    assert Family.guess_kind({}) is None
    with pytest.raises(RecipeError, match="no kind"):
        recipe_of("iris", None, {"model.dropout": 0.1})
