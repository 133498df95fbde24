"""scikit-learn's conventions over training and prediction: estimators for `Pipeline` and `GridSearchCV`.

A fit writes nothing to disk unless `run` is given. The state of a fitted estimator is bytes (safetensors) and JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pellucid import jobs
from pellucid.data.arrays import ArrayRaw
from pellucid.documents import Document
from pellucid.recipe import read_recipe

BLOCK = 32
"""Rows go through the network in multiples of this: matrix kernels round the rows of a shorter block otherwise, and
what is predicted for a row must not depend on the rows beside it."""


class _Neural(BaseEstimator):
    """What both estimators share: how parameters become a recipe, and how fitted networks travel."""

    def __init__(
        self,
        widths: tuple[int, ...] | None = None,
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        epochs: int | None = None,
        batch: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        recipe: dict[str, Any] | None = None,
        run: str | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.widths = widths
        self.activation = activation
        self.dropout = dropout
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.recipe = recipe
        self.run = run
        self.random_state = random_state

    def _train(self, raw: ArrayRaw) -> Self:
        recipe = read_recipe(Document(_merged(self._recipe(), self.recipe or {}), type(self).__name__))
        run, curve = jobs.fit(recipe, raw, run=None if self.run is None else Path(self.run))
        self.model_ = run.model
        self.recipe_ = run.recipe.dump()
        self.loss_curve_ = curve
        self.n_iter_ = max(1, len(curve))
        return self

    def _recipe(self) -> dict[str, Any]:
        model: dict[str, Any] = {"kind": "mlp", "activation": self.activation, "dropout": self.dropout}
        if self.widths is not None:
            model["widths"] = list(self.widths)
        method = {"kind": "supervised", "epochs": self.epochs, "batch": self.batch}
        optimizer = {"kind": "adamw", "learning_rate": self.learning_rate, "weight_decay": self.weight_decay}
        return {
            "data": {"kind": "arrays", "valid": self.validation_fraction, "split": "hash"},
            "model": model,
            "method": method,
            "optimizer": optimizer,
            "stop": {"patience": self.patience},
            "seed": self._seed(),
        }

    def _seed(self) -> int:
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31))
        if self.random_state is None:
            return int(np.random.SeedSequence().generate_state(1)[0])
        return int(self.random_state)

    def _rows(self, X: Any) -> tuple[ArrayRaw, int]:
        """The rows, filled up with zeros to whole blocks, and how many there are."""
        check_is_fitted(self, "model_")
        x_ND = np.asarray(validate_data(self, X, reset=False, dtype="numeric"), np.float64)
        return ArrayRaw(np.pad(x_ND, ((0, -len(x_ND) % BLOCK), (0, 0)))), len(x_ND)

    def __getstate__(self) -> dict[str, Any]:
        """Parameters and fitted numbers; the network as the bytes of its files."""
        state: dict[str, Any] = {**super().__getstate__()}  # pyright: ignore[reportGeneralTypeIssues] - always a mapping
        if "model_" in state:
            state = {**state, "model_": jobs.to_bytes(state["model_"]), "recipe_": json.dumps(state["recipe_"])}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The estimator that `__getstate__` gave."""
        if "model_" in state and isinstance(state["model_"], dict):
            state = {**state, "model_": jobs.from_bytes(state["model_"]), "recipe_": json.loads(state["recipe_"])}
        super().__setstate__(state)


class NeuralClassifier(ClassifierMixin, _Neural):
    """A neural network that classifies (an MLP unless `recipe` says otherwise).

    Args:
        widths: units of each hidden layer; None: planned from the rows.
        activation, dropout: of the hidden units.
        epochs, batch, learning_rate, weight_decay: None: planned.
        class_weight: None, "balanced", or weights by class.
        validation_fraction: share of the rows set aside to keep the best weights (none under 40 rows).
        patience: evaluations without improvement before training stops; None: all epochs.
        recipe: any further part of a recipe, such as `{"model": {"norm": "batch"}}`.
        run: a folder to keep the run in; None: nothing is written.
        random_state: the root of all random numbers.
    """

    def __init__(
        self,
        widths: tuple[int, ...] | None = None,
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        epochs: int | None = None,
        batch: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        class_weight: str | dict[Any, float] | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        recipe: dict[str, Any] | None = None,
        run: str | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        super().__init__(
            widths,
            activation=activation,
            dropout=dropout,
            epochs=epochs,
            batch=batch,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            validation_fraction=validation_fraction,
            patience=patience,
            recipe=recipe,
            run=run,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains on x_ND and labels y_N, each row weighted by sample_weight_N."""
        X, y = validate_data(self, X, y, dtype="numeric")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs two classes or more; the data holds one class: {self.classes_[0]}"
            )
        weight_N = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if self.class_weight is not None:
            balanced_N = compute_sample_weight(self.class_weight, y)
            weight_N = balanced_N if weight_N is None else weight_N * balanced_N
        names = tuple(f"{place}:{name}" for place, name in enumerate(self.classes_))
        return self._train(ArrayRaw(X.astype(np.float64), codes.astype(np.int64), names, weight_N))

    def predict_proba(self, X: Any) -> np.ndarray:
        """probability_NC, columns in the order of `classes_`."""
        rows, count = self._rows(X)
        probability = jobs.decoded(self.model_, rows).probability
        assert probability is not None
        return probability.numpy()[:count]

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        probability_NC = self.predict_proba(X)
        return self.classes_[probability_NC.argmax(1)]


class NeuralRegressor(RegressorMixin, _Neural):
    """A neural network that predicts numbers, one or several (an MLP unless `recipe` says otherwise).

    Arguments are those of `NeuralClassifier` but for `class_weight`.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains on x_ND and values y_N or y_ND, each row weighted by sample_weight_N."""
        X, y = validate_data(self, X, y, dtype="numeric", multi_output=True, y_numeric=True)
        y = np.asarray(y, dtype=np.float64)
        self.flat_ = y.ndim == 1
        weight_N = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        return self._train(ArrayRaw(X.astype(np.float64), y.reshape(len(y), -1), (), weight_N))

    def predict(self, X: Any) -> np.ndarray:
        """value_N, or value_ND where several were fitted."""
        rows, count = self._rows(X)
        value = jobs.decoded(self.model_, rows).value
        assert value is not None
        return value.numpy()[:count, 0] if self.flat_ else value.numpy()[:count]

    def __sklearn_tags__(self) -> Any:
        """Several targets are welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def _merged(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`given` over `own`, mapping by mapping; what is None is left to the plan."""
    merged = {name: value for name, value in own.items() if value is not None}
    for name, value in given.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return {name: _merged(value, {}) if isinstance(value, dict) else value for name, value in merged.items()}
