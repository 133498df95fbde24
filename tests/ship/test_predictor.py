from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.errors import SchemaError
from pellucid.jobs import Run, as_csv, load, train
from pellucid.parts import kinds, load_kind
from pellucid.recipe import Recipe
from pellucid.ship.decoding import decoded
from pellucid.ship.predictor import MEANING, WRITERS
from pellucid.tasks.task import Task
from pellucid.training import evaluate

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


def test_every_answer_of_a_task_is_written_and_has_a_name():
    answers = {load_kind(Task, kind).answers for kind in kinds(Task)}
    assert answers == WRITERS.keys() == MEANING.keys()


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


def pictures(answers: str) -> dict[str, object]:
    """40 pictures of 24x24 with a square each, and what is to be learnt about them."""
    random = np.random.default_rng(3)
    images, masks = random.integers(0, 60, (40, 24, 24), np.uint8), np.zeros((40, 24, 24), np.uint8)
    boxes = []
    for image, mask in zip(images, masks, strict=True):
        left, top = random.integers(0, 14, 2).tolist()
        image[top : top + 9, left : left + 9], mask[top : top + 9, left : left + 9] = 220, 1
        boxes.append([[left, top, left + 9, top + 9, 0]])
    told = {"mask": {"masks": masks}, "boxes": {"boxes": boxes, "classes": ["square"]}}
    return {"images": images, **told.get(answers, {"labels": [str(box[0][0] // 7) for box in boxes]})}


def of_pictures(answers: str, folder: Path, **data: object) -> Run:
    task = {"mask": "segmentation", "boxes": "detection", "pairs": "verification"}.get(answers, "classification")
    recipe = {"data": {"kind": "images", **data}, "task": task, "model": {"kind": "cnn", "channels": [4, 8]},
              "method": {"epochs": 1, "batch": 8}, "threads": 1}  # fmt: skip
    return train(Recipe.model_validate(recipe), rows=pictures(answers), run=folder / "run", report=False)


@pytest.mark.parametrize("answers", ["mask", "boxes", "pairs", "classes"])
def test_images_are_predicted_some_at_a_time(answers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = of_pictures(answers, tmp_path).model
    random = np.random.default_rng(4)
    new = np.concatenate([random.integers(0, most, (count, 24, 24), np.uint8) for count, most in ((7, 9), (12, 256))])
    raw, task = model.recipe.data.read_new(new, model.signature), model.recipe.task
    assert task is not None
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    output = evaluate.outputs(model.network, model.preparation.apply(raw, model.signature))
    whole = task.decode(output, model.signature, model.preparation.scale)
    found = decoded(model, raw)
    for name, one in whole._asdict().items():
        other = getattr(found, name)
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other, name
    if found.box_NK6 is not None:
        counts = {int((box_BK6[:, :, 4] >= 0).sum(1).max()) for box_BK6 in found.box_NK6.split(7)}
        assert len(counts) > 1, "so that boxes had to be filled up"


def test_thousands_of_images_are_never_float32_all_at_once(tmp_path: Path):
    model = of_pictures("classes", tmp_path).model
    raw = model.recipe.data.read_new(np.zeros((12000, 24, 24), np.uint8), model.signature)
    tracemalloc.start()
    prediction = decoded(model, raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert prediction.label is not None and len(prediction.label) == 12000
    assert peak < 12000 * 24 * 24 * 4


@pytest.mark.parametrize("data", [{}, {"tile": (16, 16)}, {"size": (20, 30)}, {"tile": (16, 16), "size": (20, 30)}])
def test_masks_and_boxes_have_the_size_of_each_picture(data: dict[str, object], tmp_path: Path):
    random = np.random.default_rng(5)
    sizes = [(41, 41), (24, 24), (9, 60)]
    new = [random.integers(0, 256, size, np.uint8) for size in sizes]
    masks = of_pictures("mask", tmp_path / "mask", **data).predict(new)
    for path, size in zip(masks["mask"], sizes, strict=True):
        with Image.open(io.BytesIO(masks.files[path])) as file:
            assert (file.height, file.width) == size
    boxes = of_pictures("boxes", tmp_path / "boxes", **data).predict(new)
    assert boxes.document is not None and len(boxes) == 3 and not boxes.findings
    found = json.loads(boxes.document)
    for entry in found:
        left, top, width, height = entry["bbox"]
        own = sizes[entry["image_id"] - 1]
        assert 0 <= left < left + width <= own[1] + 1e-2 and 0 <= top < top + height <= own[0] + 1e-2
    assert max(entry["bbox"][0] + entry["bbox"][2] for entry in found if entry["image_id"] == 3) > 40
