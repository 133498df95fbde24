from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.data.image import Images
from pellucid.data.image_masks import from_file, marked
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import from_json
from pellucid.data.splitting import choose_split
from pellucid.errors import DataError, Place, SchemaError


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def given(masks: object, **fields: object) -> tuple[Images, ImageRaw]:
    data = Images.model_validate(fields)
    count = len(masks)  # pyright: ignore[reportArgumentType]
    images = [noise(index, *np.asarray(masks[index]).shape[:2]) for index in range(count)]  # pyright: ignore[reportIndexIssue]
    return data, data.read_rows({"images": images, "masks": masks})


def filled(*values: int, dtype: type = np.uint8) -> np.ndarray:
    """One 4x4 mask for each value, with a corner of 0."""
    masks = np.full((len(values), 4, 4), 0, dtype)
    for index, value in enumerate(values):
        masks[index, 1:] = value
    return masks


def test_codes_are_classes():
    data, raw = given(filled(1, 2, 1, 0))
    signature = data.inspect(raw)
    target = signature.target
    assert target is not None and target.kind == "mask" and target.names == ("mask",)
    assert target.classes == ("background", "class 1", "class 2") and target.counts == (28, 24, 12)
    assert raw.mask_NHW is not None and np.array_equal(raw.mask_NHW, filled(1, 2, 1, 0))
    assert from_json(signature.as_json()) == signature
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    train = loaded.dataset.train
    assert train.target is not None and train.target.dtype == torch.uint8 and train.target.shape[1:] == (4, 4)


@pytest.mark.parametrize(
    ("values", "codes", "classes"),
    [
        ((255, 255), (1, 1), ("background", "class 1")),
        ((1, 255, 2), (1, 255, 2), ("background", "class 1", "class 2")),
        ((7, 100, 7), (1, 2, 1), ("background", "class 7", "class 100")),
    ],
)
def test_what_values_mean(values: tuple[int, ...], codes: tuple[int, ...], classes: tuple[str, ...]):
    _, raw = given(filled(*values))
    assert raw.mask_NHW is not None and tuple(raw.mask_NHW[:, 3, 3].tolist()) == codes and raw.classes == classes
    assert ("masks" in raw.notes) == (codes != values)


def test_names_are_told_and_must_go_with_the_values():
    rows = {"images": np.stack([noise(1, 4, 4)] * 2), "masks": filled(1, 3), "classes": ["sky", "sea", "sand", "ship"]}
    raw = Images().read_rows(rows)
    assert raw.classes == ("sky", "sea", "sand", "ship") and raw.mask_NHW is not None and raw.mask_NHW.max() == 3
    with pytest.raises(DataError, match=r"3 classes are named; the masks hold 4 values|2 classes are named"):
        Images().read_rows({**rows, "classes": ["sky", "sea"], "masks": filled(1, 5)})
    assert Images().read_rows({**rows, "masks": filled(1, 1) > 0, "classes": ["sky", "sea"]}).classes == ("sky", "sea")


def test_a_number_for_each_object_needs_a_word():
    masks = np.arange(2 * 400, dtype=np.uint16).reshape(2, 20, 20)
    with pytest.raises(DataError, match="names no classes") as caught:
        given(masks)
    assert caught.value.hint is not None and "data.mask: any" in caught.value.hint
    _, raw = given(masks, mask="any")
    assert raw.classes == ("background", "object") and raw.mask_NHW is not None
    assert raw.mask_NHW[0, 0, 0] == 0 and raw.mask_NHW.sum() == 799


def test_files_in_every_mode(tmp_path: Path):
    codes = filled(2)[0]
    for mode, image in {
        "L": Image.fromarray(codes),
        "P": Image.fromarray(codes).convert("P"),
        "I;16": Image.fromarray(codes.astype(np.uint16)),
        "RGB": Image.fromarray(codes).convert("RGB"),
    }.items():
        if mode == "P":
            image = Image.fromarray(codes, "L").copy()
            image.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
        image.save(tmp_path / "mask.png")
        found = from_file(tmp_path / "mask.png", Place("x"), "classes")
        low = tuple(value & 255 for value in found.values)
        assert low == (0, 2) and np.array_equal(found.index_HW * 2, codes), mode
    Image.fromarray(codes > 0).save(tmp_path / "mask.png")
    assert from_file(tmp_path / "mask.png", Place("x"), "classes").values == (0, 255)
    Image.fromarray(codes).save(tmp_path / "mask.jpg")
    with pytest.raises(DataError, match="blurred"):
        from_file(tmp_path / "mask.jpg", Place("x"), "classes")
    Image.fromarray(noise(1, 9, 9, 3)).save(tmp_path / "mask.png")
    with pytest.raises(DataError, match="81 different colours"):
        from_file(tmp_path / "mask.png", Place("x"), "classes")


def colours(root: Path, *colours: tuple[int, int, int]) -> Path:
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for index in range(4):
        Image.fromarray(noise(index)).save(root / f"images/{index}.png")
        mask = np.zeros((12, 10, 3), np.uint8)
        mask[4:] = colours[index % len(colours)]
        Image.fromarray(mask).save(root / f"masks/{index}.png")
    return root


def test_few_colours_are_classes_in_their_order_and_new_masks_follow(tmp_path: Path):
    data = Images(path=str(colours(tmp_path / "a", (200, 0, 0), (0, 0, 255))))
    raw = data.read()
    signature = data.inspect(raw)
    assert raw.classes == ("background", "class #0000ff", "class #c80000") and raw.marks == (0, 255, 200 << 16)
    assert raw.mask_NHW is not None and raw.mask_NHW[:, 11, 0].tolist() == [2, 1, 2, 1]
    stored = from_json(signature.as_json())
    again = data.read_new(str(colours(tmp_path / "b", (0, 0, 255))), stored, labelled=True)
    assert again.mask_NHW is not None and set(np.unique(again.mask_NHW)) == {0, 1}
    with pytest.raises(SchemaError, match="#00ff00, which is none of the 3 classes"):
        data.read_new(str(colours(tmp_path / "c", (0, 255, 0))), stored, labelled=True)
    assert data.read_new(str(tmp_path / "c"), stored).mask_NHW is None, "for prediction masks are not looked at"


def test_masks_follow_their_image_and_stay_codes():
    mask = np.zeros((40, 30), np.uint8)
    mask[:20] = 7
    mask[20:, :15] = 3
    raw = Images(size=(8, 6)).read_rows({"images": [noise(1, 40, 30)] * 2, "masks": [mask, mask]})
    assert raw.mask_NHW is not None and raw.classes == ("background", "class 3", "class 7")
    assert np.array_equal(raw.mask_NHW[0], np.where(np.arange(8)[:, None] < 4, 2, np.where(np.arange(6) < 3, 1, 0)))
    assert "each pixel taken from the nearest one" in raw.notes["size"]


def test_a_mask_of_another_size_or_form_is_refused():
    with pytest.raises(DataError, match=r"the mask is 5x4, its image \"0\" is 4x4"):
        Images().read_rows({"images": np.zeros((1, 4, 4), np.uint8), "masks": np.zeros((1, 5, 4), np.uint8)})
    with pytest.raises(DataError, match="a mask is whole numbers"):
        marked(np.zeros((4, 4)), Place("x"), "classes")
    with pytest.raises(DataError, match="holds the code -1"):
        marked(np.full((4, 4), -1), Place("x"), "classes")
    with pytest.raises(DataError, match="2 images and 1 masks"):
        Images().read_rows({"images": np.zeros((2, 4, 4), np.uint8), "masks": np.zeros((1, 4, 4), np.uint8)})


@pytest.mark.parametrize(
    ("value", "classes", "message"),
    [(255, ["a", "b", "c"], "no pixel"), (255, None, "one class only"), (1, ["a", "b"], 'one class only: "b"')],
)
def test_masks_with_nothing_to_learn(value: int, classes: list[str] | None, message: str):
    rows = {"images": np.stack([noise(1, 4, 4)] * 2), "masks": np.full((2, 4, 4), value, np.uint8)}
    with pytest.raises(DataError, match=message) as caught:
        Images().read_rows(rows if classes is None else {**rows, "classes": classes})
    assert caught.value.code == "DATA-CLASS"


def test_a_folder_of_masks_of_very_many_values_needs_a_word(tmp_path: Path):
    root = colours(tmp_path, (1, 1, 1))
    for index in range(4):
        Image.fromarray(np.arange(120, dtype=np.uint8).reshape(12, 10) % 33).save(root / f"masks/{index}.png")
    with pytest.raises(DataError, match="33 different values; at most 32") as caught:
        Images(path=str(root)).read()
    assert caught.value.hint is not None and "data.mask: any" in caught.value.hint
    assert Images(path=str(root), mask="any").read().classes == ("background", "object")
    (root / "classes.txt").write_text("\n".join(f"c{index}" for index in range(33)))
    assert len(Images(path=str(root)).read().classes) == 33
