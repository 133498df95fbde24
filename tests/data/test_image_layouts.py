from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.image import Images
from pellucid.data.image_layouts import from_root, spots
from pellucid.data.image_raw import Asked, ImageRaw
from pellucid.data.signature import Signature
from pellucid.data.splitting import ByColumn, choose_split
from pellucid.errors import DataError, SchemaError


def write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (12, 10), dtype=np.uint8)


def masked(root: Path, count: int = 4, images: str = "images", masks: str = "masks", seed: int = 0) -> Path:
    for index in range(count):
        write(root / images / f"{index}.png", noise(seed + index))
        write(root / masks / f"{index}.png", (noise(seed + index) > 128).astype(np.uint8))
    return root


def coco(file: Path, names: list[str]) -> Path:
    images = [{"id": index, "file_name": name, "height": 12, "width": 10} for index, name in enumerate(names)]
    boxes = [{"image_id": index, "category_id": 5, "bbox": [1, 2, 3, 4]} for index in range(len(names) - 1)]
    content = {"images": images, "categories": [{"id": 5, "name": "cat"}], "annotations": boxes}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def xml(file: Path, name: str = "cat") -> Path:
    box = "<xmin>2</xmin><ymin>3</ymin><xmax>4</xmax><ymax>6</ymax>"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<annotation><object><name>{name}</name><bndbox>{box}</bndbox></object></annotation>")
    return file


def read(path: Path, **fields: object) -> tuple[Images, ImageRaw, Signature]:
    data = Images.model_validate({"path": str(path), **fields})
    raw = data.read()
    return data, raw, data.inspect(raw)


@pytest.mark.parametrize("names", [("images", "masks"), ("imgs", "labels"), ("JPEGImages", "annotations")])
def test_masks_beside_images(tmp_path: Path, names: tuple[str, str]):
    _, raw, signature = read(masked(tmp_path, 4, *names))
    assert raw.mask_NHW is not None and np.array_equal(raw.mask_NHW[2], noise(2) > 128)
    assert signature.target is not None and signature.target.kind == "mask"
    assert names[1] in signature.target.why and raw.names[0] == f"{names[0]}/0.png"


def test_parts_of_masks_and_class_names(tmp_path: Path):
    for seed, part in enumerate(("train", "val", "test")):
        masked(tmp_path / part, 3, seed=10 * seed)
    (tmp_path / "classes.txt").write_text("sky\nsea\n")
    data, raw, signature = read(tmp_path)
    assert raw.classes == ("sky", "sea") and raw.parts == ("train",) * 3 + ("valid",) * 3 + ("test",) * 3
    split = choose_split(signature)[0]
    assert split == ByColumn(column="split")
    assert data.load(raw, signature, split, 0).share == {"train": 3, "valid": 3, "test": 3}


def test_an_image_without_a_mask_is_refused_and_a_mask_without_an_image_is_told(tmp_path: Path):
    masked(tmp_path)
    write(tmp_path / "masks/9.png", noise(1) // 200)
    assert read(tmp_path)[2].notes["masks not used"] == "1 masks have no image"
    (tmp_path / "masks/2.png").unlink()
    with pytest.raises(DataError, match=r"images/2\.png: has no mask called \"2\""):
        read(tmp_path)


def test_prediction_reads_the_images_alone(tmp_path: Path):
    data, _, signature = read(masked(tmp_path / "a"))
    new = masked(tmp_path / "b", seed=50)
    assert data.read_new(str(new), signature).rows == 4
    judged = data.read_new(str(new), signature, labelled=True)
    assert judged.mask_NHW is not None and np.array_equal(judged.mask_NHW[0], noise(50) > 128)
    (new / "masks").rename(new / "other")
    with pytest.raises(SchemaError, match="has no masks"):
        data.read_new(str(new), signature, labelled=True)
    assert data.read_new(str(new / "images"), signature).rows == 4


@pytest.mark.parametrize(
    ("images", "file"),
    [
        ("", "_annotations.coco.json"),
        ("", "annotations.json"),
        ("images", "annotations/instances_all.json"),
        ("images", "annotations.json"),
    ],
)
def test_a_coco_file_in_the_folder(tmp_path: Path, images: str, file: str):
    root = tmp_path / "set"
    for index in range(3):
        write(root / images / f"{index}.png", noise(index))
    told = coco(root / file, ["0.png", "1.png", "2.png"])
    for path in (root, told):
        _, raw, signature = read(path)
        assert raw.boxes_NM5 is not None and raw.boxes_NM5[0].tolist() == [[1, 2, 4, 6, 0]]
        assert raw.boxes_NM5[2, 0, 4] == -1 and signature.notes["images without boxes"] == "1 of 3"
        assert signature.target is not None and signature.target.classes == ("cat",)
    data, _, signature = read(told)
    assert data.read_new(str(root), signature).boxes_NM5 is None
    assert data.read_new(str(told), signature, labelled=True).boxes_NM5 is not None


def test_coco_files_of_parts_beside_them(tmp_path: Path):
    for part in ("train2017", "val2017"):
        write(tmp_path / part / "0.png", noise(len(part)))
        write(tmp_path / part / "1.png", noise(9 + len(part)))
        coco(tmp_path / "annotations" / f"instances_{part}.json", ["0.png", "1.png"])
    assert read(tmp_path)[1].parts == ("train", "train", "valid", "valid")
    alone = read(tmp_path / "train2017")[1]
    assert alone.rows == 2 and alone.boxes_NM5 is not None


def test_what_a_coco_file_says_must_be_there_and_true(tmp_path: Path):
    write(tmp_path / "0.png", noise(0))
    coco(tmp_path / "annotations.json", ["0.png", "1.png"])
    with pytest.raises(DataError, match=r'annotations\.json: names "1\.png"'):
        read(tmp_path)
    write(tmp_path / "1.png", noise(1).T)
    with pytest.raises(DataError, match=r'"1\.png" is 10x12, not 12x10'):
        read(tmp_path)


@pytest.mark.parametrize(("images", "annotations"), [("JPEGImages", "Annotations"), ("", ""), ("images", "labels")])
def test_a_voc_folder(tmp_path: Path, images: str, annotations: str):
    for index in range(3):
        write(tmp_path / images / f"{index}.png", noise(index))
    for index in range(2):
        xml(tmp_path / annotations / f"{index}.xml", "cat" if index else "dog")
    _, raw, signature = read(tmp_path)
    assert raw.classes == ("cat", "dog") and raw.rows == 2 and raw.boxes_NM5 is not None
    assert raw.boxes_NM5[0].tolist() == [[1, 2, 4, 6, 1]]
    assert signature.notes["images left out"] == "1 images have no XML file"
    xml(tmp_path / annotations / "7.xml")
    with pytest.raises(DataError, match=r'7\.xml: there is no image called "7"'):
        read(tmp_path)


def test_a_class_of_test_that_train_lacks_is_refused(tmp_path: Path):
    for part, name in (("train", "cat"), ("test", "cow")):
        write(tmp_path / part / "0.png", noise(len(part)))
        xml(tmp_path / part / "0.xml", name)
    with pytest.raises(DataError, match='class "cow", which is not known'):
        read(tmp_path)


def test_the_target_decides_between_masks_boxes_and_folders(tmp_path: Path):
    masked(tmp_path)
    coco(tmp_path / "annotations.json", ["0.png", "1.png"])
    with pytest.raises(DataError, match="both masks and boxes"):
        read(tmp_path)
    assert read(tmp_path, target="masks")[1].mask_NHW is not None
    assert read(tmp_path, target="boxes")[1].boxes_NM5 is not None
    assert read(tmp_path, target="folder")[1].classes == ("images", "masks")
    with pytest.raises(DataError, match="has no boxes"):
        read(masked(tmp_path / "other"), target="boxes")


def test_plain_class_folders_are_left_alone(tmp_path: Path):
    for name in ("cat", "images"):
        write(tmp_path / name / "0.png", noise(len(name)))
    assert from_root(tmp_path, Asked()) is None and spots(tmp_path)[0].masks is None
