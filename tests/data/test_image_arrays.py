from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.image import Images
from pellucid.data.image_arrays import clips_of, from_archive, from_mapping, is_picture, items_of, pixels_of
from pellucid.data.image_raw import Asked
from pellucid.errors import DataError


def noise(count: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8), dtype=np.uint8)


def archive(root: Path, **arrays: Any) -> str:
    np.savez(root / "set.npz", **arrays)
    return str(root / "set.npz")


MASKS = {"images": noise(), "masks": noise() // 128}
BOXES = {"images": noise(), "boxes": np.tile([[[1, 1, 5, 5, 1.0]]], (4, 1, 1)), "classes": np.array(["a", "b"])}


def test_an_archive_of_masks_and_one_of_boxes(tmp_path: Path):
    raw = Images(path=archive(tmp_path, **MASKS, classes=np.array(["sky", "sea"]), split=[0, 0, 1, 2])).read()
    assert raw.mask_NHW is not None and np.array_equal(raw.mask_NHW, noise() // 128) and raw.classes == ("sky", "sea")
    assert raw.parts == ("train", "train", "valid", "test")
    raw = Images(path=archive(tmp_path, **BOXES)).read()
    assert raw.boxes_NM5 is not None and raw.boxes_NM5[0, 0].tolist() == [1, 1, 5, 5, 1]
    assert raw.classes == ("a", "b") and raw.why == "given as boxes"


def test_an_archive_of_both_asks_which(tmp_path: Path):
    both = archive(tmp_path, **{**MASKS, **BOXES}, mask_classes=np.array(["ground", "a"]))
    with pytest.raises(DataError, match="both masks and boxes"):
        Images(path=both).read()
    masks, boxes = Images(path=both, target="masks").read(), Images(path=both, target="boxes").read()
    assert masks.classes == ("ground", "a") and masks.boxes_NM5 is None
    assert boxes.classes == ("a", "b") and boxes.mask_NHW is None


def test_labels_of_an_archive(tmp_path: Path):
    path = archive(tmp_path, images=noise(), codes=[0, 1, 1, 0], classes=np.array(["a", "b"]))
    raw = Images(path=path, target="kind").read()
    assert raw.target == ("kind",) and raw.code_N is not None and raw.code_N.tolist() == [0, 1, 1, 0]
    assert Images(path=path).read().target == ("label",)
    values = Images(path=archive(tmp_path, images=noise(), labels=np.random.rand(4, 2))).read()
    assert values.value_ND is not None and values.target == ("label_1", "label_2")
    with pytest.raises(DataError, match="codes without a class"):
        Images(path=archive(tmp_path, images=noise(), codes=[0, 1, 2, 0], classes=np.array(["a", "b"]))).read()


def test_for_prediction_only_images_are_taken(tmp_path: Path):
    asked = Asked(("mask",), new=True, judged=False)
    found = from_archive(Path(archive(tmp_path, **MASKS)), asked)
    assert found.target == () and all(item.mask is None for item in found.items)
    assert from_mapping({"images": noise()}, Asked(("boxes",), new=True)).target == ()


def test_pixels_and_pictures():
    assert pixels_of(np.array([[0.0, 1.0]]), "x").tolist() == [[0, 255]]
    assert is_picture(Image.new("L", (2, 2))) and not is_picture(noise())
    assert len(items_of(noise(3))) == 3 and items_of([Image.new("RGB", (4, 2))])[0].header().width == 4
    assert clips_of(noise(6).reshape(2, 3, 8, 8))[1].length == 3


def test_several_values_have_the_names_that_are_told(tmp_path: Path):
    path = archive(tmp_path, images=noise(), labels=np.random.default_rng(0).random((4, 2)), names=np.array(["x", "y"]))
    assert Images(path=path).read().target == ("x", "y")
    assert Images(path=path, target=("a", "b")).read().target == ("a", "b")
    scenes = Images(path="scenes").read()
    assert scenes.target == ("x", "y", "size", "light") and scenes.value_ND is not None


def test_names_go_with_the_columns_of_labels(tmp_path: Path):
    path = archive(tmp_path, images=noise(), labels=np.random.default_rng(0).random((4, 2)), names=np.array(["x"]))
    with pytest.raises(DataError, match="2 columns of labels, 1 names") as caught:
        Images(path=path).read()
    assert caught.value.code == "DATA-ARRAY"


def test_floats_with_a_name_are_values(tmp_path: Path):
    rows = {"images": noise(), "labels": np.array([1.0, 2, 3, 2], np.float32)}
    raw = Images(path=archive(tmp_path, **rows, names=np.array(["age"]))).read()
    assert raw.value_ND is not None and raw.value_ND[:, 0].tolist() == [1, 2, 3, 2] and raw.target == ("age",)
    assert Images(path=archive(tmp_path, **rows)).read().classes == ("1", "2", "3")


def test_codes_beyond_the_classes_are_refused(tmp_path: Path):
    masks, names = noise() % 3, np.array(["a", "b", "c"])
    with pytest.raises(DataError, match="3 classes are named; a mask holds the code 9") as caught:
        Images(path=archive(tmp_path, images=noise(), masks=masks + 9, classes=names)).read()
    assert caught.value.code == "DATA-ARRAY"
    masks[0, 0, 0] = 255
    raw = Images(path=archive(tmp_path, images=noise(), masks=masks, classes=names)).read()
    assert raw.mask_NHW is not None and np.array_equal(raw.mask_NHW, masks)
