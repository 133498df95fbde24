"""`pellucid evaluate`: a model on labelled rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]
SEQUENCES = {"lines": "lines.txt", "facts": "facts.csv", "sales": "sales.csv"}


def test_scores(tell: Tell, here: Path) -> None:
    ended = tell("evaluate", "runs/shop-0001", "shop.csv")
    assert ended.code == 0
    shown = dict(line.split(": ") for line in ended.out.splitlines())
    value = tell("evaluate", "runs/shop-0001", "shop.csv", "--json").value
    assert list(shown) == list(value) and {"loss", "accuracy", "roc_auc"} <= value.keys()
    assert float(shown["accuracy"]) == pytest.approx(value["accuracy"], rel=1e-5)
    assert value["accuracy"] > 0.5


def test_values_have_their_own(tell: Tell, here: Path) -> None:
    assert {"loss", "rmse", "mae", "r2"} <= tell("evaluate", "runs/shop-0002", "shop.csv", "--json").value.keys()


def test_rows_without_labels_are_refused(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    (mine / "new.csv").write_text("age,city,spent\n30,rome,10\n")
    assert "left" in refused(tell("evaluate", "runs/shop-0001", "new.csv"))


def test_a_score_that_is_undefined_is_null(tell: Tell, mine: Path) -> None:
    (mine / "one.csv").write_text("age,city,spent,left\n30,rome,10,no\n")
    ended = tell("evaluate", "runs/shop-0001", "one.csv", "--json")
    assert ended.code == 0 and ended.value["roc_auc"] is None
    assert "roc_auc: undefined here" in tell("evaluate", "runs/shop-0001", "one.csv").out.splitlines()


def test_runs_over_sequences(tell: Tell, reading: Path) -> None:
    scores = {run: tell("evaluate", run, data, "--json").value for run, data in SEQUENCES.items()}
    assert {"loss", "bits_per_character", "perplexity"} <= scores["lines"].keys()
    assert {"loss", "bleu", "chrf", "exact_match"} <= scores["facts"].keys()
    assert {"loss", "mae", "skill", "coverage"} <= scores["sales"].keys()
