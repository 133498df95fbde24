"""A row through prepared sessions: values, words and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pellucid.data.signature import PARTS
from pellucid.errors import UsageError
from pellucid.explain.walkthrough import SHOWN, find, text, walk
from pellucid.recipe import recipe_of
from pellucid.training import evaluate
from pellucid.training.session import Session, prepare

torch.set_num_threads(1)


def session(name: str, **settings: Any) -> Session:
    return prepare(recipe_of(name, None, {key.replace("__", "."): value for key, value in settings.items()})[0])


@pytest.fixture(scope="module")
def iris() -> Session:
    return session("iris")


def test_every_row_is_found_where_the_split_put_it(iris: Session):
    rows = sorted(row for name in PARTS for row in iris.dataset.part(name).row_B.tolist())  # pyright: ignore
    assert rows == list(range(150))
    for row in (0, 77, 149):
        part, batch = find(iris, row)
        assert batch.row_B.tolist() == [row] and row in iris.dataset.part(part).row_B.tolist()  # pyright: ignore
    for row in (150, -1):
        with pytest.raises(UsageError) as fault:
            walk(iris, row)
        assert "rows are 0 to 149" in (fault.value.hint or "")


def test_a_row_that_was_left_out_is_told_apart():
    made = session("iris")
    made.dataset.train = made.dataset.train.take((made.dataset.train.row_B != 7).nonzero().flatten())  # pyright: ignore
    if find(session("iris"), 7)[0] == "train":
        with pytest.raises(UsageError, match="left out"):
            walk(made, 7)


def test_a_walk_is_plain_json_with_names_and_truth(iris: Session):
    walked = walk(iris, 3)
    assert json.loads(json.dumps(walked, allow_nan=False)) == walked
    names = list(iris.loaded.preparation.names())
    assert [item["input"] for item in walked["inputs"]["table"]] == names
    assert {term["input"] for term in walked["unit"]["contributions"]} == set(names)
    sizes = [abs(term["product"]) for term in walked["unit"]["contributions"]]
    assert sizes == sorted(sizes, reverse=True)
    assert walked["unit"]["output"] == max(walked["layers"][1]["values"])
    zeros = walked["layers"][1]["values"].count(0.0) / 64
    assert walked["layers"][1]["zeros"] == zeros
    assert walked["truth"] == "setosa"
    assert sum(item["probability"] for item in walked["prediction"]["probabilities"]) == pytest.approx(1)


def test_images_have_shapes_channels_and_patches():
    digits = session("digits")
    walked = walk(digits, 5, layer="trunk.blocks.2.conv", unit=3)
    assert walked["inputs"]["shape"] == [1, 8, 8]
    conv = next(layer for layer in walked["layers"] if layer["name"] == "trunk.blocks.2.conv")
    assert conv["shape"] == [64, 4, 4] and conv["size"] == 1024 and len(conv["values"]) == SHOWN
    assert len(conv["channels"]) == 64 and set(conv["channels"][0]) == {"min", "mean", "max"}
    assert walked["unit"]["equal"] and walked["unit"]["unit"] == 3 and len(walked["unit"]["patch"]) == 32
    told = text(walked)
    assert "its largest response" in told and "and 276 more, together" in told


def test_categories_are_told_in_words_and_their_embeddings_named():
    walked = walk(session("penguins"), 7)
    island = next(item for item in walked["inputs"]["table"] if item["input"] == "island")
    assert island["category"] == "Torgersen"
    assert any(term["input"].startswith("island (1 of ") for term in walked["unit"]["contributions"])
    assert "intake" in [layer["name"] for layer in walked["layers"]]
    assert "(Torgersen)" in text(walked)


def test_values_are_told_in_the_units_of_the_data():
    made = session("diabetes")
    walked = walk(made, 11, layer="head")
    _, batch = find(made, 11)
    assert walked["truth"] == pytest.approx(evaluate.truth(batch, made.dataset.scale)[0].tolist())
    assert 25 <= walked["truth"][0] <= 346
    assert "predicted" in text(walked) and "no activation follows" in text(walked)


def test_the_text_is_aligned_short_and_quiet(iris: Session):
    walked = walk(iris, 0)
    walked["source"] = "iris\x1b[31m"
    lines = text(walked).splitlines()
    assert "\x1b" not in text(walked)
    start = lines.index(next(line for line in lines if line.endswith("product")))
    table = lines[start : start + 8]
    assert len({len(line) for line in table}) == 1
    assert any("equal to 1e-6" in line for line in lines)


def test_a_broken_network_is_told_without_numbers_json_lacks():
    made = session("iris")
    with torch.no_grad():
        made.state.network.head.weight[0, 0] = float("nan")  # pyright: ignore
    walked = walk(made, 0, layer="head", unit=0)
    json.dumps(walked, allow_nan=False)
    assert walked["unit"]["equal"] is False and "NOT equal" in text(walked)


def test_tokens_are_told_by_their_pieces(tmp_path: Path) -> None:
    rows = [f"{('good', 'bad')[row % 2]} tea number {row % 7},{('yes', 'no')[row % 2]}" for row in range(120)]
    (tmp_path / "texts.csv").write_text("\n".join(["text,liked", *rows]))
    settings = {"data.kind": "text", "data.target": "liked", "model": {"kind": "gru", "width": 4}}
    walked = walk(prepare(recipe_of(str(tmp_path / "texts.csv"), None, settings)[0]), 3)
    words = [item["category"] for item in walked["inputs"]["table"]]
    assert words[:2] == ["bad", "tea"] and walked["truth"] == "no" and text(walked)
    assert [item["input"] for item in walked["inputs"]["table"]][:2] == ["token 1", "token 2"]


def test_a_series_has_a_shape() -> None:
    walked = walk(session("japanese_vowels", model={"kind": "gru", "width": 4}), 0)
    assert walked["inputs"]["shape"][1] == 12 and walked["unit"]["equal"] and text(walked)


@pytest.mark.parametrize("name", ["tagged", "airline", "melodies", "toy_translation"])
def test_an_answer_at_every_position_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="answers at every position"):
        walk(session(name, model={"kind": "gru", "width": 4}), 0)
