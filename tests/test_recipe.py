from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.documents import Document, read_yaml, write_yaml
from pellucid.errors import DataError, RecipeError
from pellucid.recipe import Recipe, read_recipe, recipe_of

TEXT = """\
data: iris
model: {kind: mlp, widths: [16, 8]}
method: {epochs: 3}
optimizer: {learning_rate: 0.01}
seed: 7
"""


def test_short_forms_are_understood():
    recipe = read_recipe(read_yaml(TEXT))
    assert recipe.data.path == "iris" and type(recipe.data).__name__ == "Table"
    assert recipe.optimizer is not None and recipe.optimizer.dump()["kind"] == "adamw"
    assert read_recipe(read_yaml("data: digits")).data.dump()["kind"] == "images"
    assert read_recipe(read_yaml("data: iris\nmodel: cnn")).dump()["model"]["kind"] == "cnn"


def test_a_recipe_is_what_it_was_after_it_was_written():
    recipe = read_recipe(read_yaml(TEXT))
    again = read_recipe(read_yaml(write_yaml(recipe.dump())))
    assert again == recipe and again.hash == recipe.hash
    assert recipe.replace(seed=8).hash != recipe.hash


def test_settings_win_over_the_document():
    recipe = read_recipe(read_yaml(TEXT), {"model.widths": [4], "seed": 1, "stop.patience": 3})
    assert recipe.dump()["model"]["widths"] == [4]
    assert (recipe.seed, recipe.stop.patience) == (1, 3)


@pytest.mark.parametrize(
    "text, where, says",
    [
        ("data: iris\nmodle: mlp\n", (2, 1), "modle"),
        ("data: iris\nmodel: {kind: mlp, widht: 3}\n", (2, 20), "widht"),
        ("data: iris\nmodel: {kind: mpl}\n", (2, 15), "mpl"),
        ("data: iris\nmethod: {epochs: 0}\n", (2, 18), "epochs"),
        ("data: iris\nseed: -1\n", (2, 7), "seed"),
        ("data: iris\nseed: 1.5\n", (2, 7), "seed"),
        ("data: iris\nstop: {patience: soon}\n", (2, 18), "patience"),
        ("model: mlp\n", None, "data"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, where: tuple[int, int] | None, says: str):
    with pytest.raises(RecipeError, match=says) as caught:
        read_recipe(read_yaml(text, "my.yaml"))
    assert caught.value.exit_code == 2 and caught.value.place.file == "my.yaml"
    if where is not None:
        assert caught.value.place.line == where[0]


def test_a_source_is_a_recipe_a_table_or_a_name(tmp_path: Path):
    path = tmp_path / "my.yaml"
    path.write_text(TEXT)
    recipe, written = recipe_of(str(path), None, {"seed": 9})
    assert recipe.seed == 9 and written == TEXT
    recipe, written = recipe_of("titanic")
    assert recipe.data.path == "titanic" and written is None
    recipe, _ = recipe_of("rows.csv", "a,b")
    assert recipe.data.target == ("a", "b")
    recipe, _ = recipe_of("rows.csv", "a")
    assert recipe.data.target == "a"
    with pytest.raises((RecipeError, DataError)):
        recipe_of(str(tmp_path / "nowhere.yaml"))


def test_defaults_leave_open_what_the_plan_decides():
    recipe = Recipe(data=read_recipe(Document({"data": "iris"}, "test")).data)
    open_fields = (recipe.task, recipe.model, recipe.method, recipe.optimizer, recipe.threads, recipe.averaging)
    assert open_fields == (None,) * 6
    assert (recipe.device, recipe.precision, recipe.layout, recipe.seed) == ("auto", "auto", "auto", 0)
