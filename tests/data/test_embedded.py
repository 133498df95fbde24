from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.embedded import EMBEDDED, EmbeddedSet
from pellucid.data.source import Data
from pellucid.parts import concrete

ROWS = {
    "digits": 1797,
    "mnist10k": 10000,
    "iris": 150,
    "wine": 178,
    "breast_cancer": 569,
    "diabetes": 442,
    "penguins": 344,
    "titanic": 1313,
    "faces": 400,
    "nuclei": 64,
    "shapes3d": 5760,
    "scenes": 4000,
    "shapes": 1000,
    "clips": 600,
}
SEQUENCES = {
    "airline": 144,
    "sunspots": 3126,
    "japanese_vowels": 640,
    "strokes": 2000,
    "melodies": 600,
    "toy_translation": 3000,
    "tagged": 1500,
    "questions": 180,
}
PACKAGED = {"composites", "fashion_mnist", "austen", "elecdemand", "languages", "reviews", "spam", "verses"}
DRAWN = {"tones", *(f"{task}{lag}" for task in ("adding", "copy") for lag in (10, 50, 100))}
HELD_OUT = {"faces": (0.6, 0.15), "nuclei": (0.625, 0.125), "shapes3d": (2 / 3, 1 / 12), "scenes": (0.7, 0.1)}
"""Sets split by what they hold out, or drawn one by one, and their shares of train and valid."""
DOCS = Path(__file__).parents[2] / "docs" / "data.md"


def table(item: EmbeddedSet) -> list[dict[str, str]]:
    with item.path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contents(item: EmbeddedSet) -> tuple[list[bytes], list[str], list[str]]:
    """(content, label, part) of every row."""
    if item.kind == "table":
        rows = table(item)
        content = ["\x1f".join(cell for name, cell in row.items() if name != item.split_column) for row in rows]
        return [text.encode() for text in content], [row[item.target] for row in rows], [row["split"] for row in rows]
    with np.load(item.path, allow_pickle=False) as arrays:
        pictures = arrays["clips" if "clips" in arrays else "images"]
        parts = [("train", "valid", "test")[code] for code in arrays["split"]]
        if "codes" in arrays:
            labels = [str(arrays["classes"][code]) for code in arrays["codes"]]
        else:
            labels = [str(row.tolist()) for row in arrays["labels" if "labels" in arrays else "masks"]]
        return [image.tobytes() for image in pictures], labels, parts


def test_the_names_are_those_of_the_files():
    assert set(EMBEDDED) == {*ROWS, *SEQUENCES, *PACKAGED, *DRAWN}
    assert {name for name, item in EMBEDDED.items() if not item.file} == PACKAGED | DRAWN
    files = {item.file for item in EMBEDDED.values() if item.file}
    assert {file.name for file in EMBEDDED["iris"].path.parent.iterdir()} == files
    assert all(name == item.name for name, item in EMBEDDED.items())


@pytest.mark.parametrize("name", ROWS)
def test_every_set_is_whole(name: str):
    content, labels, parts = contents(EMBEDDED[name])
    assert len(content) == len(labels) == len(parts) == ROWS[name]
    assert all(labels)
    assert EMBEDDED[name].path.stat().st_size < 3_000_000


@pytest.mark.parametrize("name", ROWS)
def test_the_split_is_about_right_and_shares_no_row(name: str):
    content, labels, parts = contents(EMBEDDED[name])
    shares = HELD_OUT | {"mnist10k": (0.8, 0.05), "digits": (0.7, 0.15), "shapes": (0.7, 0.1), "clips": (0.7, 0.15)}
    train, valid = shares.get(name, (0.6, 0.15))
    assert abs(parts.count("train") / len(parts) - train) < 0.03
    assert abs(parts.count("valid") / len(parts) - valid) < 0.03
    places: dict[bytes, set[str]] = {}
    for row, part in zip(content, parts, strict=True):
        places.setdefault(row, set()).add(part)
    assert all(len(found) == 1 for found in places.values())
    if len(set(labels)) < 20 and name != "faces":
        for part in ("train", "valid", "test"):
            assert {label for label, at in zip(labels, parts, strict=True) if at == part} == set(labels)


@pytest.mark.parametrize("name", SEQUENCES)
def test_every_sequence_set_is_whole_and_its_parts_share_nothing(name: str):
    item = EMBEDDED[name]
    assert item.path.stat().st_size < 3_000_000
    if item.path.suffix == ".conll":
        assert len(item.path.read_text(encoding="utf-8").split("\n\n")) == SEQUENCES[name]
    elif item.path.suffix == ".csv":
        rows = table(item)
        assert len(rows) == SEQUENCES[name] and all(cell for row in rows for cell in row.values())
        assert not item.split_column or {row[item.split_column] for row in rows} == {"train", "valid", "test"}
        assert len({row.get("source", row.get("text", row.get("month"))) for row in rows}) == len(rows)
    else:
        with np.load(item.path, allow_pickle=False) as arrays:
            values_NTD, length_N = arrays["values"], arrays["lengths"]
            assert len(values_NTD) == len(length_N) == len(arrays["codes"]) == SEQUENCES[name]
            assert values_NTD.dtype == np.float32 and length_N.max() == values_NTD.shape[1]
            behind_NT = np.arange(values_NTD.shape[1]) >= length_N[:, None]
            assert np.isfinite(values_NTD).all() and not values_NTD[behind_NT].any()
            assert len(np.unique(values_NTD.reshape(len(values_NTD), -1), axis=0)) == len(values_NTD)
            for part in range(3):
                assert set(arrays["codes"][arrays["split"] == part]) == set(range(len(arrays["classes"])))


def test_hints_name_what_is_there():
    for item in EMBEDDED.values():
        hints = dict(item.hints)
        if "time" in hints and item.file:
            row = table(item)[0]
            assert hints["time"] in row and item.target in row


def test_known_series():
    passengers = [int(row["passengers"]) for row in table(EMBEDDED["airline"])]
    assert passengers[:3] == [112, 118, 132] and passengers[-1] == 432 and sum(passengers) == 40363
    months = [row["month"] for row in table(EMBEDDED["sunspots"])]
    assert months == [f"{1749 + place // 12}-{1 + place % 12:02}-01" for place in range(3126)]
    with np.load(EMBEDDED["japanese_vowels"].path, allow_pickle=False) as arrays:
        assert np.bincount(arrays["split"]).tolist() == [225, 45, 370] and arrays["values"].shape[2] == 12
        assert (arrays["lengths"].min(), arrays["lengths"].max()) == (7, 29)
        assert np.isclose(arrays["values"][0, 0, 0], 1.860936)


def test_all_sets_together_are_small():
    assert sum(item.path.stat().st_size for item in EMBEDDED.values() if item.file) < 8_000_000


def test_tables_have_their_columns_and_the_mixed_ones_have_missing_cells():
    for item in EMBEDDED.values():
        if item.kind == "table":
            columns = list(table(item)[0])
            assert columns[-2:] == [item.target, item.split_column]
    assert sum(row["age"] == "" for row in table(EMBEDDED["titanic"])) == 557
    assert sum("" in row.values() for row in table(EMBEDDED["penguins"])) == 11


def test_image_sets_hold_out_what_they_say():
    with np.load(EMBEDDED["faces"].path, allow_pickle=False) as arrays:
        people = [np.unique(arrays["codes"][arrays["split"] == part]).tolist() for part in range(3)]
        assert people == [list(range(24)), list(range(24, 30)), list(range(30, 40))]
        assert np.bincount(arrays["codes"]).tolist() == [10] * 40
    with np.load(EMBEDDED["shapes3d"].path, allow_pickle=False) as arrays:
        seen = [arrays["elevation"][arrays["split"] == part] for part in range(3)]
        bands = [(band.min(), band.max()) for band in seen[1:]]
        assert not any(((seen[0] >= low) & (seen[0] <= high)).any() for low, high in bands), "heights of their own"
        assert np.bincount(arrays["codes"][arrays["split"] == 2]).tolist() == [len(seen[2]) // 8] * 8


def test_the_nuclei_are_one_picture_in_reading_order():
    with np.load(EMBEDDED["nuclei"].path, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["masks"], arrays["objects"] > 0)
        whole = arrays["objects"].reshape(8, 8, 64, 64).transpose(0, 2, 1, 3).reshape(512, 512)
        image = arrays["images"].reshape(8, 8, 64, 64).transpose(0, 2, 1, 3).reshape(512, 512).astype(float)
        assert len(np.unique(whole)) == 126 and arrays["classes"].tolist() == ["background", "nucleus"]
        assert np.array_equal(arrays["split"].reshape(8, 8), np.tile([0, 0, 0, 0, 0, 1, 2, 2], (8, 1)))
    seam = np.abs(image[:, 63::64][:, :-1] - image[:, 64::64]).mean()
    assert seam < 1.3 * np.abs(np.diff(image, axis=1)).mean()
    assert image[whole > 0].mean() > 2 * image[whole == 0].mean()


def test_known_numbers():
    with np.load(EMBEDDED["digits"].path, allow_pickle=False) as arrays:
        assert arrays["images"].shape == (1797, 8, 8) and arrays["images"].dtype == np.uint8
        assert np.bincount(arrays["codes"]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    with np.load(EMBEDDED["mnist10k"].path, allow_pickle=False) as arrays:
        assert arrays["images"].shape == (10000, 28, 28) and int(arrays["images"].max()) == 255
        assert np.bincount(arrays["codes"]).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert [row["species"] for row in table(EMBEDDED["iris"])].count("setosa") == 50
    assert [row["diagnosis"] for row in table(EMBEDDED["breast_cancer"])].count("malignant") == 212


@pytest.mark.parametrize("name", EMBEDDED)
def test_origin_and_licence_are_written_down(name: str):
    item = EMBEDDED[name]
    assert item.title and item.licence and item.origin
    text = DOCS.read_text(encoding="utf-8")
    assert f"## {name}" in text
    assert item.licence.split(";")[0] in text


def test_a_bare_name_is_the_set_and_its_kind():
    assert concrete(Data, "digits").dump()["kind"] == "images"


def test_reading_the_list_needs_the_standard_library_only():
    code = (
        "import sys; from pellucid.data.embedded import EMBEDDED; "
        "print(sorted({'numpy', 'torch', 'PIL', 'polars'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
