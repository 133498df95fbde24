"""From uint8 images to the float32 tensors that networks learn from, fitted on the training part only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from pellucid import forms
from pellucid.data.batch import Batch, Dataset, Scale
from pellucid.data.image_raw import ImageRaw
from pellucid.data.image_store import CHUNK, mapped, reordered
from pellucid.data.signature import Signature
from pellucid.data.source import Raw
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding

FEW = 10
"""Images of a class below which nothing is learnt from it but by heart."""
SMALL = 3.0
"""Pixels of a side below which an object cannot be recognised."""
UNEVEN = 10.0
"""Times the largest class is larger than the smallest before it is worth a word."""


@dataclass(frozen=True)
class ImagePreparation:
    """Mean and deviation of each channel, in pixel values 0..255, and the scale of target values."""

    mean_C: np.ndarray
    """float32."""
    std_C: np.ndarray
    """float32; 1 for a channel that never changes."""
    scale: Scale | None = None

    @property
    def black_C(self) -> torch.Tensor:
        """float32: what a black pixel becomes."""
        return torch.from_numpy(self._table_C256()[:, 0].copy())

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """Standardised x_NCHW, every frame like the first; the target is None where `raw` has none."""
        assert isinstance(raw, ImageRaw)
        table_C256 = self._table_C256()
        x_NCHW = np.empty(raw.pixel_NCHW.shape, np.float32)
        for channel in range(raw.pixel_NCHW.shape[1]):
            table_256 = table_C256[channel % len(table_C256)]
            np.take(table_256, raw.pixel_NCHW[:, channel], out=x_NCHW[:, channel], mode="clip")
        return Batch(torch.from_numpy(x_NCHW), self.target(raw), row_B=torch.arange(raw.rows))

    def target(self, raw: ImageRaw) -> torch.Tensor | None:
        """What is to be learnt, as `Batch.target` holds it; None where `raw` has none."""
        if raw.mask_NHW is not None:
            return torch.from_numpy(raw.mask_NHW)
        if raw.boxes_NM5 is not None:
            return torch.from_numpy(raw.boxes_NM5)
        if raw.code_N is not None:
            return torch.from_numpy(raw.code_N.astype(np.int64))
        if raw.value_ND is None:
            return None
        values_ND = torch.from_numpy(raw.value_ND)
        if self.scale is not None:
            values_ND = (values_ND - self.scale.mean_D.double()) / self.scale.scale_D.double()
        return values_ND.float()

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers, for `preprocess.safetensors`."""
        arrays = {"image.mean": self.mean_C, "image.std": self.std_C}
        if self.scale is not None:
            arrays |= {"target.mean": self.scale.mean_D.numpy(), "target.scale": self.scale.scale_D.numpy()}
        return arrays

    def pixels(self, x_CHW: torch.Tensor) -> np.ndarray:
        """The uint8 image HWC that a prepared x_CHW came from; of a clip, its first frame."""
        mean_C11, std_C11 = self.mean_C[:, None, None], self.std_C[:, None, None]
        value = x_CHW[: len(self.mean_C)].float().numpy() * std_C11 + mean_C11
        return value.round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0)

    def names(self) -> list[str]:
        """Pixels have no names."""
        return []

    def _table_C256(self) -> np.ndarray:
        """The prepared value of each pixel value."""
        values = np.arange(256, dtype=np.float64)
        return ((values - self.mean_C[:, None].astype(np.float64)) / self.std_C[:, None]).astype(np.float32)


def fit(raw: ImageRaw, train_N: np.ndarray) -> ImagePreparation:
    """The preparation for `raw`, from its rows at `train_N`; exact counts, so no order of summation matters."""
    mean, std = [], []
    values = np.arange(256, dtype=np.float64)
    for count_256 in _histograms(raw, np.flatnonzero(train_N)).astype(np.float64):
        centre = float((count_256 * values).sum() / count_256.sum())
        spread = float(np.sqrt((count_256 * (values - centre) ** 2).sum() / count_256.sum()))
        mean.append(centre)
        std.append(spread or 1.0)
    scale = None
    if raw.value_ND is not None:
        value_ND = raw.value_ND[train_N]
        spread_D = value_ND.std(axis=0)
        spread_D[spread_D == 0] = 1.0
        scale = Scale(torch.from_numpy(value_ND.mean(axis=0)).float(), torch.from_numpy(spread_D).float())
    return ImagePreparation(np.array(mean, np.float32), np.array(std, np.float32), scale)


def restore(arrays: Mapping[str, np.ndarray]) -> ImagePreparation:
    """The preparation that `arrays()` came from."""
    scale = None
    if "target.mean" in arrays:
        scale = Scale(torch.from_numpy(arrays["target.mean"].copy()), torch.from_numpy(arrays["target.scale"].copy()))
    return ImagePreparation(arrays["image.mean"].copy(), arrays["image.std"].copy(), scale)


def prepared(raw: ImageRaw, part_N: np.ndarray, signature: Signature) -> tuple[Dataset, ImagePreparation]:
    """The three parts of `raw`, with statistics of the train part. Raises: DataError where nothing is left to train."""
    if not (part_N == 0).any():
        raise DataError("DATA-SPLIT", "the split leaves no image to train on", place=Place(raw.source))
    preparation = fit(raw, part_N == 0)
    _, channels, height, width = raw.pixel_NCHW.shape
    form = forms.grid(channels, height, width, raw.frames)
    train, valid, test = (_mapped if mapped(raw.pixel_NCHW) else _resident)(raw, part_N, preparation, signature)
    black_C = preparation.black_C.repeat(raw.frames)
    return Dataset(train, valid, test, form, scale=preparation.scale, black_C=black_C), preparation


def _resident(raw: ImageRaw, part_N: np.ndarray, preparation: ImagePreparation, signature: Signature) -> list[Batch]:
    """The parts as float32, in memory."""
    whole = preparation.apply(raw, signature)
    return [whole.take(torch.from_numpy(np.flatnonzero(part_N == code))) for code in range(3)]


def _mapped(raw: ImageRaw, part_N: np.ndarray, preparation: ImagePreparation, signature: Signature) -> list[Batch]:
    """The parts as uint8 pixels, mapped from a file, each part in one stretch; they are standardised when drawn."""
    order_N = np.argsort(part_N, kind="stable")
    pixel_NCHW = torch.from_numpy(reordered(raw.pixel_NCHW, order_N, raw.source))
    if raw.mask_NHW is not None and mapped(raw.mask_NHW):
        target = torch.from_numpy(reordered(raw.mask_NHW, order_N, raw.source))
    else:
        target = preparation.target(raw)
        target = None if target is None else target[torch.from_numpy(order_N)]
    pixels = tuple(torch.from_numpy(value_C).repeat(raw.frames) for value_C in (preparation.mean_C, preparation.std_C))
    whole = Batch(pixel_NCHW, target, row_B=torch.from_numpy(order_N), pixels=(pixels[0], pixels[1]))
    ends = np.cumsum([0, *np.bincount(part_N, minlength=3)]).tolist()
    return [whole.part(ends[code], ends[code + 1]) for code in range(3)]


def _histograms(raw: ImageRaw, row_R: np.ndarray) -> np.ndarray:
    """int64 count_C256 of each pixel value in each channel, all frames together."""
    channels = raw.pixel_NCHW.shape[1] // raw.frames
    count_C256 = np.zeros((channels, 256), np.int64)
    for start in range(0, len(row_R), CHUNK):
        pixel_RCHW = raw.pixel_NCHW[row_R[start : start + CHUNK]]
        for channel in range(channels):
            count_C256[channel] += np.bincount(pixel_RCHW[:, channel::channels].reshape(-1), minlength=256)
    return count_C256


def image_findings(raw: ImageRaw) -> tuple[Finding, ...]:
    """What looks dangerous in the images and labels, before any split."""
    findings: list[Finding] = []
    copies = raw.rows - len(np.unique(raw.row_N))
    if copies:
        message = (
            f"{copies:,} of {raw.rows:,} images are exact copies of another; copies stay in one part of the split."
        )
        evidence: dict[str, float | int | str] = {"copies": copies, "share": copies / raw.rows}
        severity = "warning" if copies > 0.01 * raw.rows else "info"
        findings.append(Finding("duplicates", severity, message, evidence=evidence))
    if raw.code_N is not None:
        findings += _label_conflicts(raw, raw.code_N) + _class_sizes(raw, raw.code_N)
    if raw.boxes_NM5 is not None:
        findings += _small_boxes(raw.boxes_NM5)
    if raw.bad:
        message = f"{len(raw.bad):,} images could not be used and were left out; first: {raw.bad[0]}"
        evidence = {"skipped": len(raw.bad)}
        findings.append(Finding("bad-rows", "warning", message, evidence=evidence, cure="Repair or remove the files."))
    return tuple(findings)


def _small_boxes(boxes_NM5: np.ndarray) -> list[Finding]:
    """Boxes that hardly cover a pixel after resizing."""
    box_K5 = boxes_NM5[boxes_NM5[:, :, 4] >= 0]
    small = int(((box_K5[:, 2:4] - box_K5[:, :2]).min(1) < SMALL).sum()) if len(box_K5) else 0
    if not small:
        return []
    message = f"{small:,} of {len(box_K5):,} boxes are less than {SMALL:g} pixels high or wide once images are resized."
    evidence: dict[str, float | int | str] = {"boxes": small, "share": small / len(box_K5)}
    severity = "warning" if small > 0.01 * len(box_K5) else "info"
    return [Finding("small-boxes", severity, message, "target", evidence, "Set data.size larger, or data.tile.")]


def _label_conflicts(raw: ImageRaw, code_N: np.ndarray) -> list[Finding]:
    """Equal images under different labels."""
    pairs = np.unique(np.stack([raw.row_N, code_N.astype(np.uint64)], axis=1), axis=0)
    rows, counts = np.unique(pairs[:, 0], return_counts=True)
    torn = rows[counts > 1]
    if not len(torn):
        return []
    which = np.flatnonzero(np.isin(raw.row_N, torn))
    same = which[raw.row_N[which] == raw.row_N[which[0]]]
    shown = ", ".join(f"{quote(raw.names[i])} ({raw.classes[code_N[i]]})" for i in same[:3])
    message = f"{len(which):,} images are equal to one of another class: {shown}."
    severity = "severe" if len(which) > 0.01 * raw.rows else "warning"
    evidence: dict[str, float | int | str] = {"images": len(which), "share": len(which) / raw.rows}
    return [Finding("label-conflict", severity, message, "target", evidence, "Decide which label is right.")]


def _class_sizes(raw: ImageRaw, code_N: np.ndarray) -> list[Finding]:
    findings: list[Finding] = []
    counts = np.bincount(code_N, minlength=len(raw.classes))
    few = [(raw.classes[i], int(count)) for i, count in enumerate(counts) if count < FEW]
    if few:
        shown = ", ".join(f"{quote(name)} ({count})" for name, count in few[:5])
        message = f"{len(few)} classes have fewer than {FEW} images: {shown}."
        cure = "Collect more, merge them, or augment."
        findings.append(Finding("rare-class", "warning", message, "target", {"classes": len(few)}, cure))
    ratio = float(counts.max() / max(counts.min(), 1))
    if ratio >= UNEVEN:
        largest, smallest = Counter(dict(zip(raw.classes, counts.tolist(), strict=True))).most_common()[
            :: len(counts) - 1
        ]
        message = f"{quote(largest[0])} has {largest[1]:,} images, {quote(smallest[0])} has {smallest[1]:,}."
        cure = "Weigh the classes, and judge by a metric that does (balanced accuracy, F1)."
        findings.append(Finding("imbalance", "warning", message, "target", {"ratio": ratio}, cure))
    return findings
