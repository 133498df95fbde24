"""Forecasts as a person makes them: better than the season before, and blind to what is still to come."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid import jobs
from pellucid.data.embedded import EMBEDDED
from pellucid.data.source import Data
from pellucid.errors import DataError, RecipeError
from pellucid.forms import Steps
from pellucid.jobs import Run
from pellucid.parts import concrete
from pellucid.seeds import Draw

Train = Callable[..., Run]
Tell = Callable[..., Any]

MONTHLY = {"time": "month", "target": "passengers", "horizon": 12, "season": 12}
QUICK: dict[str, Any] = {"model": "gru", "method": {"epochs": 15}}


@pytest.mark.row("H7")
def test_a_seasonal_series_is_forecast_better_than_by_the_season_before(train: Train, tell: Tell, tmp_path: Path):
    run = train("airline", **QUICK)
    print(run.metrics["test"])
    assert run.metrics["test"]["skill"] >= 0.10
    assert run.folder is not None
    origin_B = jobs.finished(run.folder).dataset.test.row_B
    assert origin_B is not None
    assert origin_B.tolist() == list(range(144 - 29, 144 - 12 + 1)), "from every month of the last fifth that has room"
    told = tell("predict", run.folder, "--horizon", 24, "--output", tmp_path / "ahead.csv")
    with (tmp_path / "ahead.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["quantile"] == "0.5"]
    assert told["rows"] == 24 * 5 and [finding["check"] for finding in told["findings"]] == ["fed-back"]
    assert [row["time"] for row in rows[::12]] == ["1961-01-01", "1962-01-01"] and len(rows) == 24
    summer, winter = (np.mean([float(rows[at]["prediction"]) for at in months]) for months in ((6, 7), (0, 10)))
    assert summer > winter > 350


@pytest.mark.row("H7")
def test_what_is_learnt_is_the_same_to_the_bit_whatever_the_future_brings(train: Train, tmp_path: Path):
    with EMBEDDED["airline"].path.open() as file:
        months = [(row["month"], row["passengers"]) for row in csv.DictReader(file)]
    runs = []
    for name, last in (("true", months[-29:]), ("other", [(month, "999") for month, _ in months[-29:]])):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(map(",".join, [("month", "passengers"), *months[:-29], *last])))
        runs.append(train({"path": str(path), **MONTHLY}, **{**QUICK, "method": {"epochs": 3}}))
    one, other = (run.model.network.state_dict() for run in runs)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert runs[0].metrics["valid"] == runs[1].metrics["valid"] and runs[0].metrics["test"] != runs[1].metrics["test"]
    with pytest.raises(DataError, match="future would leak"):
        train({"path": str(tmp_path / "true.csv"), **MONTHLY, "split": "hash"}, **QUICK)


@pytest.mark.slow
@pytest.mark.row("H7")
@pytest.mark.parametrize(
    ("data", "least", "epochs"), [("sunspots", 0.10, 10), ({"path": "elecdemand", "stride": 4}, 0.20, 8)]
)
def test_long_series_are_forecast_better_than_by_the_season_before(
    data: Any, least: float, epochs: int, train: Train, installed: Callable[[str], str]
):
    if data != "sunspots":
        installed("elecdemand")
    run = train(data, model={"kind": "mlp", "dropout": 0.1}, method={"epochs": epochs})
    print(run.metrics["test"])
    assert run.metrics["test"]["skill"] >= least


def shapes(count: int = 120) -> dict[str, Any]:
    """Waves that rise and waves that fall, of 20 to 30 steps."""
    random = np.random.default_rng(0)
    values, labels = [], []
    for row in range(count):
        at_T = np.linspace(0, 1, random.integers(20, 31))
        slope = (1, -1)[row % 2]
        values.append(slope * at_T + np.sin(9 * at_T + random.uniform(0, 6)) + random.normal(0, 0.1, len(at_T)))
        labels.append(("rises", "falls")[row % 2])
    return {"values": values, "labels": labels}


@pytest.mark.row("F6")
def test_series_are_recognised_and_can_be_overruled(tmp_path: Path, tell: Tell):
    rows = shapes(60)
    lines = [
        json.dumps({"values": value_T.round(3).tolist(), "label": label})
        for value_T, label in zip(rows["values"], rows["labels"], strict=True)
    ]
    whole = tmp_path / "waves.jsonl"
    whole.write_text("\n".join(lines))
    told = tell("inspect", whole)
    assert told["kind"] == "series" and told["target"]["kind"] == "classes" and told["target"]["why"]
    months = str(EMBEDDED["airline"].path)
    assert tell("inspect", months, "-t", "passengers")["kind"] == "table", "rows may be apart from one another as well"
    data = concrete(Data, {"path": months, "horizon": 6})
    signature = data.inspect(data.read())
    assert signature.kind == "series" and signature.clock is not None and signature.target is not None
    assert (signature.clock.time, signature.clock.step, signature.target.names) == ("month", "1 month", ("passengers",))
    when = signature.columns[0]
    assert (when.name, when.role, when.type) == ("month", "time", "date") and when.why and 0.9 < when.confidence <= 1
    assert signature.target.why == "the next 6 rows are forecast"
    forced = concrete(Data, {"kind": "table", "path": months, "target": "passengers"})
    assert forced.inspect(forced.read()).kind == "table"


AUGMENT: list[Any] = [{"kind": "jitter", "scale": 0.1}, "magnify", "hide_span", "warp_time"]


@pytest.mark.row("D11")
def test_augmented_series_are_learnt_from_can_be_previewed_and_are_refused_where_they_would_lie(train: Train):
    learning: dict[str, Any] = {
        "method": {"epochs": 6, "batch": 16},
        "optimizer": {"kind": "adam", "learning_rate": 0.01},
    }
    run = train({"kind": "series", "augment": AUGMENT}, shapes(), model={"kind": "gru", "width": 16}, **learning)
    print(run.metrics["test"])
    assert run.metrics["test"]["accuracy"] >= 0.9

    raw = run.recipe.data.read_rows(shapes())
    signature = run.recipe.data.inspect(raw)
    assert run.recipe.data.split is not None
    dataset = run.recipe.data.load(raw, signature, run.recipe.data.split, 0).dataset
    batch, previews = dataset.train.part(0, 16), []
    for position in (0, 1, 0):
        changed, draw = batch, Draw(0, "augment").at(0, position)
        for augment in dataset.augment:
            changed = augment.apply(changed, draw, None)
        assert isinstance(changed.input, Steps) and changed.target is batch.target
        previews.append(changed.input.x_BTD)
    assert isinstance(batch.input, Steps)
    assert torch.equal(previews[0], previews[2]) and not torch.equal(previews[0], previews[1])
    there_BT = batch.input.mask_BT
    both = torch.stack([previews[0][there_BT].flatten(), batch.input.x_BTD[there_BT].flatten()])
    assert 0.3 < float(torch.corrcoef(both)[0, 1]) < 0.99, "changed, but still the same series"

    for kind in ("warp_time", "magnify", "flip"):
        with pytest.raises(RecipeError) as fault:
            train({"path": "airline", "augment": [kind]}, **QUICK)
        assert kind in fault.value.message and fault.value.place.path == "data.augment"
