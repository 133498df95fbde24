from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pellucid import jobs
from pellucid.documents import Document
from pellucid.errors import SchemaError, UsageError
from pellucid.jobs import Run
from pellucid.recipe import read_recipe
from pellucid.ship.decoding import decoded

LAST = date(2024, 1, 1) + timedelta(119)


def test_one_row_for_each_series_time_and_quantile(forecasting: Run):
    made = forecasting.predict()
    assert list(made.columns) == ["series", "time", "step", "quantile", "prediction"] and not made.findings
    rows = made.rows()
    levels = sorted(set(made["quantile"]))
    assert len(rows) == 2 * 7 * len(levels) and 0.5 in levels
    assert rows == sorted(rows, key=lambda row: (row["series"], row["step"], row["quantile"]))
    assert all(row["time"] == str(LAST + timedelta(row["step"])) for row in rows)
    for one, other in pairwise(rows):
        assert one["step"] != other["step"] or one["prediction"] <= other["prediction"]
    assert min(made["prediction"][len(rows) // 2 :]) > max(made["prediction"][: len(rows) // 2])


def test_they_are_what_the_network_says_and_short(forecasting: Run, sequences: Path):
    model = forecasting.model
    value_NHD = decoded(model, model.recipe.data.read_new(sequences / "sales.csv", model.signature)).value
    assert value_NHD is not None
    rows = [row for row in forecasting.predict().rows() if row["quantile"] == 0.5]
    assert [row["prediction"] for row in rows] == pytest.approx(value_NHD.flatten().tolist(), rel=1e-7)
    assert all(row["prediction"] == float(np.float32(row["prediction"]).astype(str)) for row in rows)


def test_without_data_it_goes_on_from_its_own_and_with_data_from_those(forecasting: Run, sequences: Path):
    own = forecasting.predict(horizon=3)
    assert own.columns == forecasting.predict(sequences / "sales.csv", 3).columns
    whole = forecasting.predict().rows()
    assert own.rows() == [row for row in whole if row["step"] <= 3]
    lines = (sequences / "sales.csv").read_text().splitlines()
    north = [line.replace(",north,", ",new,") for line in lines if ",south," not in line][:-10]
    other = forecasting.predict(_written(sequences, north), 1)
    assert set(other["series"]) == {"new"} and set(other["time"]) == {str(LAST - timedelta(9))}


def test_beyond_what_was_learnt_forecasts_are_fed_back(forecasting: Run, sequences: Path):
    far = forecasting.predict(horizon=16)
    assert [finding.check for finding in far.findings] == ["fed-back"] and "rows 8 to 16" in str(far.findings[0])
    near = [row for row in far.rows() if row["step"] <= 7]
    assert near == forecasting.predict().rows()
    medians = {(row["series"], row["time"]): row["prediction"] for row in near if row["quantile"] == 0.5}
    lines = (sequences / "sales.csv").read_text().splitlines()
    head, north, south = lines[:1], lines[1:121], lines[121:]
    for series, rows in (("north", north), ("south", south)):
        rows += [f"{time},{series},{value!r}" for (whose, time), value in medians.items() if whose == series]
    told = forecasting.predict(_written(sequences, [*head, *north, *south]), 7).rows()
    later = [row for row in far.rows() if 7 < row["step"] <= 14]
    assert [row["time"] for row in later] == [row["time"] for row in told]
    assert [row["prediction"] for row in later] == pytest.approx([row["prediction"] for row in told], rel=1e-4)


def test_points_have_no_quantiles_and_one_series_no_name(trained: Callable[..., Run], sequences: Path):
    lines = [line.replace(",north", "") for line in (sequences / "sales.csv").read_text().splitlines()[1:121]]
    path = _written(sequences, ["day,sold", *lines])
    settings = {"data.kind": "series", "data.target": "sold", "data.horizon": 2, "data.window": 8, "data.season": 7}
    model = {"model": {"kind": "gru", "width": 4}, "task": {"kind": "forecasting", "loss": "mae"}}
    run = trained(path, {**settings, **model, "method.epochs": 1})
    assert list(run.predict().columns) == ["time", "step", "prediction"] and len(run.predict()) == 2
    assert "quantiles" not in str(run.predict(horizon=3).findings[0])


def test_data_that_changed_is_refused(forecasting: Run, sequences: Path):
    path = sequences / "sales.csv"
    before = path.read_text()
    path.write_text(before + "2024-04-30,south,70\n")
    try:
        with pytest.raises(SchemaError, match="changed since") as caught:
            forecasting.predict()
        assert caught.value.code == "SCHEMA-FINGERPRINT" and str(path) in (caught.value.hint or "")
    finally:
        path.write_text(before)


def test_what_does_not_go_together_is_refused(labelling: Run, language: Run, sequences: Path):
    for run, says in ((labelling, "a label for each position"), (language, "how likely texts are")):
        with pytest.raises(UsageError, match=f"this run predicts {says}"):
            run.predict(sequences / "text.txt", horizon=3)
        with pytest.raises(UsageError, match="what is to be predicted"):
            run.predict()


def test_series_in_memory_are_given_again(sequences: Path):
    values = {"sold": [float(5 + at % 7) for at in range(90)]}
    settings = {"horizon": 2, "window": 8, "season": 7, "target": "sold"}
    recipe = read_recipe(
        Document({"data": {"kind": "series", **settings}, "model": {"kind": "gru", "width": 4}}, "test"),
        {"method.epochs": 1, "threads": 1},
    )
    run, _ = jobs.fit(recipe, values)
    with pytest.raises(UsageError, match="in memory"):
        run.predict()
    made = run.predict(values, 1)
    assert list(made.columns) == ["step", "quantile", "prediction"] and set(made["step"]) == {1}


def _written(folder: Path, lines: list[str]) -> Path:
    path = folder / "new.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
