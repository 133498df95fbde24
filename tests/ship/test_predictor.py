from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import SchemaError
from pellucid.jobs import Run, as_csv, load

Trained = Callable[..., Run]
HEADER = "colour,width,depth,price\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`old.csv` and `new.csv` of one law: price = 3 width + colour + noise of standard deviation 1."""
    random = np.random.default_rng(5)
    folder = tmp_path_factory.mktemp("tables")
    for name, count in (("old", 3000), ("new", 2000)):
        lines = []
        for _ in range(count):
            colour, width, depth = random.integers(3), random.normal(), random.normal()
            price = 3 * width + colour + random.normal()
            lines.append(f"{('red', 'green', 'blue')[colour]},{width:.6f},{depth:.6f},{price:.6f}")
        (folder / f"{name}.csv").write_text(HEADER + "\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def values(trained: Trained, tables: Path) -> Run:
    """A regression of `old.csv`."""
    return trained(tables / "old.csv", {"data.target": "price", "method.epochs": 12, "method.batch": 64})


def columns(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()]


def test_classes_have_a_probability_each(trained: Trained):
    run = trained("penguins")
    predictions = run.predict("penguins")
    assert next(iter(predictions.columns)) == "prediction" and len(predictions) == 344
    names = [name for name in predictions.columns if name.startswith("probability_")]
    assert len(names) == 3
    for row in predictions.rows():
        shares = {name.removeprefix("probability_"): row[name] for name in names}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert row["prediction"] == max(shares, key=lambda name: shares[name])
    assert predictions.to_polars().shape == (344, 4) and predictions.to_pandas().shape == (344, 4)
    assert predictions["prediction"] == predictions.columns["prediction"]


def test_nine_in_ten_new_values_are_inside_their_interval(values: Run, tables: Path):
    predictions = values.predict(tables / "new.csv")
    assert list(predictions.columns) == ["prediction", "low", "high"]
    truth = [float(row[3]) for row in columns(tables / "new.csv")[1:]]
    inside = [
        low <= value <= high for low, value, high in zip(predictions["low"], truth, predictions["high"], strict=True)
    ]
    # 450 calibration rows and 2,000 new ones: the share is 0.9 with a standard deviation of about 0.016
    assert np.mean(inside) == pytest.approx(0.9, abs=0.04)
    width = predictions["high"][0] - predictions["low"][0]
    assert 2 * 1.645 < width < 2 * 1.645 * 1.5, "the noise alone needs 1.645 each way"


def test_a_model_on_disk_predicts_the_bytes_of_the_one_in_memory(values: Run, tables: Path):
    assert values.folder is not None
    one, two = values.predict(tables / "new.csv"), load(values.folder).predict(tables / "new.csv")
    assert as_csv(one) == as_csv(two)
    assert as_csv(load(values.folder / "model").predict(tables / "new.csv")) == as_csv(one)


def test_order_and_further_columns_change_no_byte(values: Run, tables: Path, tmp_path: Path):
    rows = columns(tables / "new.csv")[:50]
    (tmp_path / "plain.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")
    turned = [[row[2], row[0], f"extra{number}", row[1]] for number, row in enumerate(rows)]
    (tmp_path / "turned.csv").write_text("\n".join(",".join(row) for row in turned) + "\n")
    assert as_csv(values.predict(tmp_path / "plain.csv")) == as_csv(values.predict(tmp_path / "turned.csv"))


def test_one_row_predicts_what_it_predicts_among_others(values: Run, tables: Path, tmp_path: Path):
    rows = columns(tables / "new.csv")
    (tmp_path / "one.csv").write_text("\n".join(",".join(row) for row in (rows[0], rows[7])) + "\n")
    alone, among = values.predict(tmp_path / "one.csv"), values.predict(tables / "new.csv")
    assert alone["prediction"][0] == pytest.approx(among["prediction"][6], rel=1e-5)


def test_a_missing_column_is_refused_by_name(values: Run, tables: Path, tmp_path: Path):
    rows = columns(tables / "new.csv")[:5]
    (tmp_path / "short.csv").write_text("\n".join(",".join((row[0], row[2], row[3])) for row in rows) + "\n")
    with pytest.raises(SchemaError, match="width") as caught:
        values.predict(tmp_path / "short.csv")
    assert caught.value.exit_code == 2


def test_a_cell_that_does_not_fit_is_refused_with_its_line(values: Run, tmp_path: Path):
    (tmp_path / "bad.csv").write_text("colour,width,depth\nred,1,2\nred,wide,2\n")
    with pytest.raises(SchemaError, match="wide") as caught:
        values.predict(tmp_path / "bad.csv")
    assert caught.value.place.line == 3 and caught.value.exit_code == 2


def test_a_category_that_training_never_saw_is_counted(values: Run, tmp_path: Path):
    (tmp_path / "new.csv").write_text("colour,width,depth\npurple,1,2\nred,1,2\npurple,0,0\n")
    predictions = values.predict(tmp_path / "new.csv")
    assert len(predictions) == 3
    (finding,) = [finding for finding in predictions.findings if finding.severity != "info"]
    assert "purple" in str(finding) and "2" in str(finding) and "colour" in str(finding)
