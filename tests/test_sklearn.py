"""scikit-learn's own checks of the estimators, and what its checks do not ask."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import recall_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pellucid.sklearn import NeuralClassifier, NeuralRegressor

torch.set_num_threads(1)

REASON = "a weight scales the loss of its row, while a repeated row also changes the batches"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": REASON,
    "check_sample_weight_equivalence_on_sparse_data": REASON,
}
SMALL: dict[str, Any] = {"widths": (8,), "epochs": 20, "batch": 32, "learning_rate": 0.03}


def rows(count: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three numbers, and a class that follows from two of them."""
    x_ND = np.random.default_rng(seed).normal(size=(count, 3))
    return x_ND, (x_ND[:, 0] + x_ND[:, 1] > 0).astype(int)


def names(x_ND: np.ndarray) -> dict[str, np.ndarray]:
    return {"height": x_ND[:, 0], "width": x_ND[:, 1], "age": x_ND[:, 2]}


# the one check that skips itself wants SCIPY_ARRAY_API set before SciPy is imported, which would change the whole suite
@parametrize_with_checks(
    [NeuralClassifier(), NeuralRegressor()], expected_failed_checks=lambda estimator: EXPECTED, xfail_strict=True
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_in_a_pipeline_behind_a_scaler() -> None:
    x_ND, y_N = rows()
    model = make_pipeline(StandardScaler(), NeuralClassifier(**SMALL)).fit(x_ND * 1000 + 5000, y_N)
    assert model.score(x_ND * 1000 + 5000, y_N) > 0.9


def test_a_grid_over_widths_and_learning_rates() -> None:
    x_ND, y_N = rows()
    grid = {"widths": [(), (8,)], "learning_rate": [1e-6, 0.03]}
    search = GridSearchCV(NeuralClassifier(**SMALL), grid, cv=2, n_jobs=1, error_score="raise").fit(x_ND, y_N)
    assert search.best_params_["learning_rate"] == 0.03 and search.best_score_ > 0.8
    assert search.best_estimator_.recipe_["model"]["widths"] == list(search.best_params_["widths"])


def test_labels_of_text() -> None:
    x_ND, y_N = rows()
    model = NeuralClassifier(**SMALL).fit(x_ND, np.array(["no", "yes"])[y_N])
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(x_ND)) <= {"no", "yes"}
    probability_NC = model.predict_proba(x_ND)
    assert probability_NC.shape == (120, 2) and np.allclose(probability_NC.sum(1), 1)
    assert (model.predict(x_ND) == model.classes_[probability_NC.argmax(1)]).all()


def test_a_class_weight_moves_recall() -> None:
    random = np.random.default_rng(0)
    x_ND = random.normal(size=(300, 2))
    y_N = (x_ND[:, 0] + random.normal(size=300) > 1.8).astype(int)
    plain, balanced, given = (
        recall_score(y_N, NeuralClassifier(**SMALL, class_weight=weight).fit(x_ND, y_N).predict(x_ND))
        for weight in (None, "balanced", {0: 1.0, 1: 20.0})
    )
    assert balanced > plain + 0.2 and given > plain + 0.2


def test_sample_weights_say_which_rows_count() -> None:
    x_ND, y_N = rows()
    x_ND, y_N = np.concatenate([x_ND, x_ND]), np.concatenate([y_N, 1 - y_N])
    for half in (0, 1):
        weight_N = np.repeat([1.0 - half, 0.0 + half], 120) + 1e-3
        model = NeuralClassifier(**SMALL).fit(x_ND, y_N, sample_weight=weight_N)
        assert model.score(x_ND, y_N, sample_weight=weight_N) > 0.9
    values = NeuralRegressor(**SMALL).fit(x_ND, y_N.astype(float), sample_weight=weight_N)
    assert values.score(x_ND[120:], y_N[120:]) > 0.4 > values.score(x_ND[:120], y_N[:120])


@pytest.mark.parametrize("frame", [pandas.DataFrame, polars.DataFrame])
def test_frames(frame: Any) -> None:
    x_ND, y_N = rows()
    table = frame(names(x_ND))
    model = NeuralClassifier(**SMALL).fit(table, y_N)
    assert list(model.feature_names_in_) == ["height", "width", "age"]
    plain = NeuralClassifier(**SMALL).fit(x_ND, y_N)
    assert (model.predict_proba(table) == plain.predict_proba(x_ND)).all()
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame({"width": x_ND[:, 1], "height": x_ND[:, 0], "age": x_ND[:, 2]}))


def test_several_values_at_once() -> None:
    x_ND, _ = rows()
    y_ND = np.stack([x_ND[:, 0] * 100, x_ND[:, 1] - x_ND[:, 2]], 1)
    model = NeuralRegressor(**{**SMALL, "epochs": 60}).fit(x_ND, y_ND)
    assert model.predict(x_ND).shape == (120, 2) and model.score(x_ND, y_ND) > 0.9
    one = NeuralRegressor(**SMALL).fit(x_ND, y_ND[:, 0])
    assert one.predict(x_ND).shape == (120,)
    column = NeuralRegressor(**SMALL).fit(x_ND, y_ND[:, :1])
    assert column.predict(x_ND).shape == (120, 1) and (column.predict(x_ND)[:, 0] == one.predict(x_ND)).all()


def test_a_fit_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x_ND, y_N = rows()
    NeuralClassifier(**SMALL).fit(x_ND, y_N).predict(x_ND)
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_is_asked_to_leaves_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    x_ND, y_N = rows()
    kept = NeuralClassifier(**SMALL, run="kept").fit(x_ND, y_N)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    held = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"run.json", "recipe.lock.yaml", "record.jsonl", "model", "report.html"} <= held
    assert (tmp_path / "kept" / "model" / "weights.safetensors").exists()
    plain = NeuralClassifier(**SMALL).fit(x_ND, y_N)
    assert (kept.predict_proba(x_ND) == plain.predict_proba(x_ND)).all()


def test_the_threads_of_the_program_stay_its_own() -> None:
    x_ND, y_N = rows()
    before = torch.get_num_threads()
    for threads in (1, 2):
        NeuralClassifier(**SMALL, recipe={"threads": threads}).fit(x_ND, y_N).predict(x_ND)
        assert torch.get_num_threads() == before


def plain(value: Any) -> bool:
    """Whether a value is bytes, an array of plain cells, or what JSON has."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and plain(item) for name, item in value.items())
    if isinstance(value, list | tuple):
        return all(plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return value is None or type(value) in (bytes, str, int, float, bool)


def test_a_pickled_estimator_is_bytes_and_json() -> None:
    x_ND, y_N = rows()
    for model in (
        NeuralClassifier(**SMALL).fit(x_ND, np.array(["no", "yes"])[y_N]),
        NeuralRegressor(**SMALL).fit(pandas.DataFrame(names(x_ND)), x_ND),
    ):
        given: Any = pandas.DataFrame(names(x_ND)) if hasattr(model, "feature_names_in_") else x_ND
        state = model.__getstate__()
        assert plain(state) and isinstance(state["recipe_"], str)
        assert set(map(type, state["model_"].values())) == {bytes}
        # how multiprocessing hands an estimator to another process
        back = ForkingPickler.loads(ForkingPickler.dumps(model))
        assert (back.predict(given) == model.predict(given)).all()
        assert back.get_params() == model.get_params() and back.recipe_ == model.recipe_


def test_an_estimator_that_was_never_fitted_pickles_too() -> None:
    back = ForkingPickler.loads(ForkingPickler.dumps(NeuralRegressor((4, 4), dropout=0.5)))
    assert back.widths == (4, 4) and not hasattr(back, "model_")


def test_parameters_are_read_set_and_cloned() -> None:
    model = NeuralClassifier((4,), dropout=0.5, class_weight={"a": 2.0}, recipe={"model": {"norm": "batch"}})
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(widths=(2, 2), epochs=3).get_params()["widths"] == (2, 2)
    assert "class_weight" not in NeuralRegressor().get_params()
    with pytest.raises(ValueError, match="widht"):
        model.set_params(widht=(2,))


def test_the_recipe_says_what_the_parameters_do_not() -> None:
    x_ND, y_N = rows()
    further = {"model": {"norm": "batch"}, "optimizer": {"kind": "sgd", "momentum": 0.9}}
    model = NeuralClassifier(**SMALL, recipe=further).fit(x_ND, y_N)
    assert model.recipe_["model"]["norm"] == "batch" and model.recipe_["model"]["widths"] == [8]
    assert model.recipe_["optimizer"]["kind"] == "sgd" and model.recipe_["optimizer"]["learning_rate"] == 0.03
    assert model.n_iter_ == len(model.loss_curve_) > 1


def test_a_seed_makes_a_fit_repeatable() -> None:
    x_ND, y_N = rows()
    one, two, other = (NeuralClassifier(**SMALL, random_state=seed).fit(x_ND, y_N) for seed in (1, 1, 2))
    assert (one.predict_proba(x_ND) == two.predict_proba(x_ND)).all()
    assert (one.predict_proba(x_ND) != other.predict_proba(x_ND)).any()
    for state in (None, np.random.RandomState(3), np.int64(4)):
        assert NeuralClassifier(**SMALL, random_state=state).fit(x_ND, y_N).recipe_["seed"] >= 0  # pyright: ignore[reportArgumentType]


def test_a_row_is_predicted_alike_in_any_company() -> None:
    x_ND, y_N = rows(100)
    model = NeuralRegressor(**SMALL).fit(x_ND, x_ND)
    whole = model.predict(x_ND)
    for count in (1, 2, 31, 33, 99):
        assert (model.predict(x_ND[:count]) == whole[:count]).all()
    labels = NeuralClassifier(**SMALL).fit(x_ND, y_N)
    assert (labels.predict_proba(x_ND[7:8]) == labels.predict_proba(x_ND)[7]).all()


def test_wrong_columns_are_refused() -> None:
    x_ND, y_N = rows()
    for model in (NeuralClassifier(**SMALL).fit(x_ND, y_N), NeuralRegressor(**SMALL).fit(x_ND, y_N)):
        for wrong in (x_ND[:, :2], np.concatenate([x_ND, x_ND], 1)):
            with pytest.raises(ValueError, match="is expecting 3 features as input"):
                model.predict(wrong)
    with pytest.raises(ValueError, match="needs two classes or more"):
        NeuralClassifier(**SMALL).fit(x_ND, np.zeros(120, int))
