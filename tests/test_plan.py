from __future__ import annotations

from typing import Any

import pytest

from pellucid.documents import Document
from pellucid.errors import RecipeError
from pellucid.plan import Decision, resolve
from pellucid.recipe import Recipe, read_recipe


def resolved(path: str, settings: dict[str, Any] | None = None) -> tuple[Recipe, dict[str, Decision]]:
    from pellucid.data.splitting import choose_split

    recipe = read_recipe(Document({"data": {"path": path}}, "test"), settings)
    raw = recipe.data.read()
    signature = recipe.data.inspect(raw)
    loaded = recipe.data.load(raw, signature, choose_split(signature)[0], 0)
    recipe, decisions = resolve(recipe, loaded)
    return recipe, {decision.path: decision for decision in decisions}


@pytest.mark.parametrize(
    "path, task, loss, first, kind",
    [
        ("iris", "classification", "cross_entropy", "accuracy", "mlp"),
        ("titanic", "classification", "binary_cross_entropy", "accuracy", "mlp"),
        ("diabetes", "regression", "mse", "rmse", "mlp"),
        ("digits", "classification", "cross_entropy", "accuracy", "cnn"),
        ("airline", "forecasting", "pinball", "mae", "gru"),
        ("toy_translation", "translation", "cross_entropy", "token_accuracy", "transformer"),
        ("melodies", "language", "cross_entropy", "bits_per_character", "transformer"),
        ("tagged", "labelling", "cross_entropy", "span_f1", "gru"),
        ("strokes", "classification", "cross_entropy", "accuracy", "gru"),
    ],
)
def test_everything_that_was_open_is_filled_with_a_reason(path: str, task: str, loss: str, first: str, kind: str):
    recipe, decisions = resolved(path)
    plain = recipe.dump()
    assert (plain["task"]["kind"], plain["task"]["loss"]["kind"]) == (task, loss)
    assert plain["task"]["metrics"][0] == first and plain["model"]["kind"] == kind
    assert plain["stop"]["metric"] == "loss"
    for field in ("start", "method", "optimizer"):
        assert plain[field]["kind"]
    for value in (plain["method"]["batch"], plain["method"]["epochs"], plain["optimizer"]["learning_rate"]):
        assert value > 0
    assert all(decision.reason and decision.source for decision in decisions.values())
    again, further = resolved(path, None)
    assert again == recipe and further == decisions


def test_what_was_said_is_left_alone():
    given: dict[str, Any] = {
        "model": {"kind": "mlp", "widths": [3]},
        "method.batch": 7,
        "optimizer": {"kind": "sgd"},
        "stop.metric": "f1",
    }
    recipe, decisions = resolved("iris", given)
    plain = recipe.dump()
    assert (plain["model"]["widths"], plain["method"]["batch"], plain["optimizer"]["kind"]) == ([3], 7, "sgd")
    assert not {"model", "model.widths", "method.batch", "optimizer"} & decisions.keys()
    assert "f1" in plain["task"]["metrics"]
    assert plain["optimizer"]["learning_rate"] == 0.05, "the customary step of sgd"


@pytest.mark.parametrize(
    "path, settings, says, hint",
    [
        ("iris", {"task": {"kind": "regression"}}, "regression does not go with a target of classes", "classification"),
        ("iris", {"task": {"kind": "classification", "loss": "mse"}}, "mse does not go with classes", "cross_entropy"),
        (
            "iris",
            {"task": {"kind": "classification", "metrics": ["rmse"]}},
            "no score of classes",
            "accuracy",
        ),
        ("diabetes", {"task": {"kind": "classification"}}, "does not go with a target of values", "regression"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(path: str, settings: dict[str, Any], says: str, hint: str):
    with pytest.raises(RecipeError, match=says) as caught:
        resolved(path, settings)
    assert hint in str(caught.value.hint) and caught.value.exit_code == 2


def test_small_data_is_never_cut_into_batches_larger_than_itself():
    recipe, _ = resolved("wine")
    batch = recipe.dump()["method"]["batch"]
    assert batch <= 178


def test_kinds_and_words():
    recipe = read_recipe(Document({"data": {"path": "titanic"}}, "test"))
    signature = recipe.data.inspect(recipe.data.read())
    assert signature.target is not None and len(signature.target.classes) == 2
    assert (signature.rows, signature.target.names) == (1_313, ("survived",))


def test_skip_gram_needs_no_layer_between_its_two_tables_of_vectors():
    recipe, decisions = resolved("melodies", {"task": "embedding"})
    assert recipe.dump()["model"]["kind"] == "mlp" and recipe.dump()["model"]["widths"] == []
    assert "1301.3781" in decisions["model"].source


def test_what_the_data_chose_is_in_the_lock():
    recipe, decisions = resolved("airline")
    data = recipe.dump()["data"]
    assert data["window"] == 24 and data["season"] == 12 and decisions["data.window"].reason
    assert resolved("iris")[0].optimizer.clip is None and recipe.optimizer.clip == 1.0  # type: ignore[union-attr]
