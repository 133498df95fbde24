"""Images as a person meets them: resized when too big, known by their content, changed by augmentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.data.augmenting import Crop, Mixup, Noise, Rotate, Shift
from pellucid.data.batch import Batch
from pellucid.data.image import Images
from pellucid.data.signature import from_json
from pellucid.data.source import Data
from pellucid.data.splitting import choose_split
from pellucid.parts import concrete
from pellucid.seeds import Draw


def photos(root: Path, count: int = 12) -> Path:
    """Real digits, each blown up to some larger size, in a folder for each class."""
    digits = Images(path="mnist10k").read()
    assert digits.code_N is not None
    for index in range(count):
        side = (40, 56, 56, 100)[index % 4]
        image = Image.fromarray(digits.pixel_NCHW[index, 0]).resize((side, side + index % 2))
        folder = root / f"digit {digits.code_N[index] % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{index}.png")
    return root


@pytest.mark.row("F3")
def test_bigger_images_are_resized_said_so_and_the_model_remembers(tmp_path: Path):
    data = concrete(Data, {"path": str(photos(tmp_path)), "size": [28, 28]})
    raw = data.read()
    signature = data.inspect(raw)
    assert signature.image == (1, 28, 28)
    note = signature.notes["size"]
    assert note.startswith("12 images of 4 sizes brought to 28x28") and "12 were resized" in note
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    assert loaded.dataset.form.width == 1 and loaded.dataset.form.extent == (28, 28)

    # what is stored with a model is plain: the signature as JSON and the fitted arrays
    stored, arrays = from_json(signature.as_json()), loaded.preparation.arrays()
    fresh = Images()
    preparation = fresh.restore(arrays, stored)
    large = np.asarray(Image.fromarray(raw.pixel_NCHW[0, 0]).resize((120, 90)))
    new = fresh.read_new(large, stored)
    assert preparation.apply(new, stored).input.shape == (1, 1, 28, 28)
    same = fresh.read_new(str(tmp_path / raw.names[0]), stored)
    assert np.array_equal(same.pixel_NCHW[0], raw.pixel_NCHW[0])


@pytest.mark.row("F3")
def test_without_a_size_the_common_one_is_chosen(tmp_path: Path):
    data = Images(path=str(photos(tmp_path)))
    signature = data.inspect(data.read())
    assert signature.image is not None and max(signature.image[1:]) <= 64
    assert "median" in signature.notes["size"] and signature.sizes[0][2] == 3


@pytest.mark.row("F3")
def test_masks_and_boxes_are_resized_with_their_image_and_new_ones_too():
    digits = Images(path="mnist10k").read()
    large = [np.asarray(Image.fromarray(pixel_CHW[0]).resize((84, 84))) for pixel_CHW in digits.pixel_NCHW[:12]]
    masks = [(pixel_HW > 100).astype(np.uint8) for pixel_HW in large]
    boxes = [[[*np.flip(np.argwhere(mask).min(0)), *np.flip(np.argwhere(mask).max(0) + 1), 0]] for mask in masks]
    for rows in ({"masks": masks}, {"boxes": boxes, "classes": ["digit"]}):
        data = Images(size=(28, 28))
        raw = data.read_rows({"images": large, **rows})
        stored = from_json(data.inspect(raw).as_json())
        assert "12 were resized" in stored.notes["size"]
        again = Images().read_new({"images": large, **rows}, stored, labelled=True)
        assert np.array_equal(again.pixel_NCHW, raw.pixel_NCHW) and raw.pixel_NCHW.shape[2:] == (28, 28)
        if raw.mask_NHW is not None:
            assert np.array_equal(again.mask_NHW, raw.mask_NHW)
            agree = (raw.mask_NHW == (raw.pixel_NCHW[:, 0] > 100)).mean()
            assert agree > 0.95, "the mask still lies on its digit"
            assert "nearest" in stored.notes["size"]
        else:
            assert raw.boxes_NM5 is not None and np.array_equal(again.boxes_NM5, raw.boxes_NM5)
            assert np.allclose(raw.boxes_NM5[:, :, :4], np.array(boxes)[:, :, :4] / 3, atol=1e-5)
            assert "boxes were scaled" in stored.notes["size"]


@pytest.mark.row("F3")
def test_what_is_too_large_to_be_made_small_is_cut_into_tiles():
    picture = np.tile(Images(path="mnist10k").read().pixel_NCHW[0, 0], (4, 5))
    data = Images(tile=(28, 28))
    raw = data.from_arrays([picture] * 3)
    signature = data.inspect(raw)
    assert raw.rows == 60 and signature.image == (1, 28, 28) and "60 tiles of 28x28" in signature.notes["tiles"]
    assert (raw.pixel_NCHW == raw.pixel_NCHW[0]).all()
    assert data.read_new(picture, signature).rows == 20


@pytest.mark.row("D11")
def test_augmentation_of_images_keeps_labels_and_can_be_previewed():
    recipe = {"path": "mnist10k", "augment": [{"kind": "shift", "share": 0.1}, "rotate", "crop"]}
    data = concrete(Data, recipe)
    assert data.augment == (Shift(share=0.1), Rotate(), Crop())
    raw = data.read()
    signature = data.inspect(raw)
    dataset = data.load(raw, signature, choose_split(signature)[0], 0).dataset
    batch = dataset.train.part(0, 64)
    previews = []
    for position in ((0, 0), (0, 1), (0, 0)):
        changed, draw = batch, Draw(0, "augment").at(*position)
        for augment in dataset.augment:
            changed = augment.apply(changed, draw, dataset.black_C)
        assert batch.target is not None and changed.target is not None
        assert torch.equal(changed.target, batch.target)
        previews.append(changed.input)
    assert torch.equal(previews[0], previews[2]) and not torch.equal(previews[0], previews[1])
    assert not torch.equal(previews[0], batch.input)
    kept = torch.stack(
        [
            torch.corrcoef(torch.stack(pair))[0, 1]
            for pair in zip(previews[0].flatten(1), batch.input.flatten(1), strict=True)
        ]
    )
    assert 0.2 < float(kept.mean()) < 0.95, "changed, but still the same digit"


@pytest.mark.row("D11")
def test_augmentation_of_numbers_keeps_targets():
    batch = Batch(torch.randn(32, 5), torch.arange(32) % 3, None, torch.arange(32))
    draw = Draw(1, "augment")
    noisy = Noise(scale=0.1).apply(batch, draw.at(4), None)
    assert torch.equal(noisy.target, batch.target) and 0 < (noisy.input - batch.input).std() < 0.2
    assert torch.equal(noisy.input, Noise(scale=0.1).apply(batch, draw.at(4), None).input)
    mixed = Mixup(alpha=0.4).apply(batch, draw.at(5), None)
    assert mixed.mixed is not None and torch.equal(mixed.target, batch.target)
    assert mixed.mixed[0].shape == (32,) and mixed.mixed[1].shape == (32,)


@pytest.mark.row("F6")
def test_images_are_recognised_and_can_be_overridden(tmp_path: Path):
    folder = photos(tmp_path)
    data = concrete(Data, {"path": str(folder)})
    assert data.dump()["kind"] == "images" and concrete(Data, "digits").dump()["kind"] == "images"
    signature = data.inspect(data.read())
    assert signature.kind == "images" and signature.image is not None and signature.image[0] == 1
    assert signature.target is not None and signature.target.classes == ("digit 0", "digit 1")
    assert signature.target.why
    forced = concrete(Data, {"kind": "images", "path": str(folder), "mode": "rgb", "size": [16, 20]})
    assert forced.inspect(forced.read()).image == (3, 16, 20)
