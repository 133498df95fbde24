from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pellucid import forms
from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Signature
from pellucid.data.source import Loaded
from pellucid.data.splitting import ByColumn, choose_split


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)
    return path


def folder(root: Path, per_class: int = 6, backwards: bool = False, sizes: tuple[int, ...] = (12,)) -> Path:
    """Classes cat and dog; 0.png to 5.png of noise each, created in either order."""
    jobs = [(code, name, index) for code, name in enumerate(("cat", "dog")) for index in range(per_class)]
    for code, name, index in reversed(jobs) if backwards else jobs:
        write(root / name / f"{index}.png", noise(100 * code + index, sizes[index % len(sizes)]))
    return root


def read(path: Path | str, **fields: object) -> tuple[Images, ImageRaw, Signature]:
    data = Images.model_validate({"path": str(path), **fields})
    raw = data.read()
    return data, raw, data.inspect(raw)


def loaded(data: Images, raw: ImageRaw, signature: Signature, seed: int = 0) -> Loaded:
    return data.load(raw, signature, data.split or choose_split(signature)[0], seed)


def test_statistics_come_from_the_training_part_only():
    data, raw, signature = read("digits")
    result = loaded(data, raw, signature)
    dataset = result.dataset
    assert dataset.form == forms.grid(1, 8, 8) and result.share == {"train": 1262, "valid": 269, "test": 266}
    assert isinstance(dataset.train.input, torch.Tensor) and isinstance(dataset.test.input, torch.Tensor)
    assert abs(dataset.train.input.mean().item()) < 1e-5 and abs(dataset.train.input.std().item() - 1) < 1e-3
    assert abs(dataset.test.input.mean().item()) > 1e-6
    assert dataset.black_C is not None
    assert dataset.black_C.item() == dataset.train.input.min().item()
    assert signature.notes["licence"] == "CC BY 4.0"


def test_a_preparation_survives_its_arrays():
    data, raw, signature = read("digits")
    preparation = loaded(data, raw, signature).preparation
    again = data.restore(preparation.arrays(), signature)
    assert torch.equal(preparation.apply(raw, signature).input, again.apply(raw, signature).input)
    assert again.names() == [] and again.scale is None


def test_a_channel_that_never_changes_is_not_divided_by_zero():
    data = Images()
    raw = data.from_arrays(np.full((8, 4, 4), 7, np.uint8), [0, 1] * 4)
    batch = data.load(raw, data.inspect(raw), ByColumn(column="split"), 0) if raw.parts else None
    assert batch is None
    from pellucid.data.image_prepare import fit

    assert fit(raw, np.ones(8, bool)).apply(raw, data.inspect(raw)).input.abs().max() == 0


def test_copies_and_conflicts_are_findings(tmp_path: Path):
    folder(tmp_path)
    write(tmp_path / "dog/copy of a cat.png", noise(2))
    _, _, signature = read(tmp_path)
    found = {finding.check: finding for finding in signature.findings}
    assert found["duplicates"].evidence["copies"] == 1
    assert found["label-conflict"].severity == "severe" and "cat/2.png" in found["label-conflict"].message
    assert "rare-class" in found and "imbalance" not in found


def test_a_healthy_set_has_no_findings():
    for name in ("digits", "mnist10k"):
        assert read(name)[2].findings == ()


def test_imbalance_is_a_finding():
    data = Images()
    raw = data.from_arrays(np.stack([noise(index) for index in range(132)]), ["a"] * 120 + ["b"] * 12)
    found = {finding.check for finding in data.inspect(raw).findings}
    assert found == {"imbalance"}


def test_an_image_in_two_ready_made_parts_is_a_finding(tmp_path: Path):
    folder(tmp_path / "train", 5)
    folder(tmp_path / "test", 2)
    result = loaded(*read(tmp_path))
    found = next(finding for finding in result.signature.findings if finding.check == "split-overlap")
    assert found.severity == "severe" and found.evidence["shared"] == 4
