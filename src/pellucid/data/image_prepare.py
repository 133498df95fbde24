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
from pellucid.data.signature import PARTS, Signature
from pellucid.data.source import Raw
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding

FEW = 10
"""Images of a class below which nothing is learnt from it but by heart."""
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
        """Standardised x_NCHW; the target is None where `raw` has none."""
        assert isinstance(raw, ImageRaw)
        table_C256 = self._table_C256()
        x_NCHW = np.empty(raw.pixel_NCHW.shape, np.float32)
        for channel in range(len(self.mean_C)):
            np.take(table_C256[channel], raw.pixel_NCHW[:, channel], out=x_NCHW[:, channel], mode="clip")
        target = None
        if raw.code_N is not None:
            target = torch.from_numpy(raw.code_N.astype(np.int64))
        elif raw.value_ND is not None:
            values_ND = torch.from_numpy(raw.value_ND)
            if self.scale is not None:
                values_ND = (values_ND - self.scale.mean_D.double()) / self.scale.scale_D.double()
            target = values_ND.float()
        return Batch(torch.from_numpy(x_NCHW), target, row_B=torch.arange(raw.rows))

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers, for `preprocess.safetensors`."""
        arrays = {"image.mean": self.mean_C, "image.std": self.std_C}
        if self.scale is not None:
            arrays |= {"target.mean": self.scale.mean_D.numpy(), "target.scale": self.scale.scale_D.numpy()}
        return arrays

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
    for channel in range(raw.pixel_NCHW.shape[1]):
        count = np.bincount(raw.pixel_NCHW[train_N, channel].reshape(-1), minlength=256).astype(np.float64)
        centre = float((count * values).sum() / count.sum())
        spread = float(np.sqrt((count * (values - centre) ** 2).sum() / count.sum()))
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
    whole = preparation.apply(raw, signature)
    train, valid, test = (whole.take(torch.from_numpy(np.flatnonzero(part_N == code))) for code in range(3))
    _, channels, height, width = raw.pixel_NCHW.shape
    form = forms.grid(channels, height, width)
    dataset = Dataset(train, valid, test, form, scale=preparation.scale, black_C=preparation.black_C)
    return dataset, preparation


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
    if raw.bad:
        message = f"{len(raw.bad):,} images could not be used and were left out; first: {raw.bad[0]}"
        evidence = {"skipped": len(raw.bad)}
        findings.append(Finding("bad-rows", "warning", message, evidence=evidence, cure="Repair or remove the files."))
    return tuple(findings)


def split_findings(raw: ImageRaw, part_N: np.ndarray) -> tuple[Finding, ...]:
    """What only the split could show: images shared by two parts, and classes missing from one."""
    findings: list[Finding] = []
    for code in (1, 2):
        shared = np.isin(raw.row_N, raw.row_N[part_N < code]) & (part_N == code)
        if shared.any():
            first = raw.names[int(np.flatnonzero(shared)[0])]
            count, earlier = int(shared.sum()), " or ".join(PARTS[:code])
            message = f"{count:,} images of {PARTS[code]} are in {earlier} too, so it flatters; first: {quote(first)}."
            evidence: dict[str, float | int | str] = {"shared": count}
            severity = "severe" if count > 0.01 * (part_N == code).sum() else "warning"
            cure = "Use another split, or remove the copies."
            findings.append(Finding("split-overlap", severity, message, PARTS[code], evidence, cure))
        if raw.code_N is None or not (part_N == code).any():
            continue
        missing = sorted(set(range(len(raw.classes))) - set(raw.code_N[part_N == code].tolist()))
        if missing:
            message = (
                f"{len(missing)} classes have no image here: {', '.join(quote(raw.classes[i]) for i in missing[:5])}."
            )
            cure = "Use a stratified split, or collect more."
            findings.append(Finding("class-missing", "warning", message, PARTS[code], {"classes": len(missing)}, cure))
    if raw.code_N is not None:
        untaught = sorted(set(range(len(raw.classes))) - set(raw.code_N[part_N == 0].tolist()))
        if untaught:
            message = f"no image to learn from in {', '.join(quote(raw.classes[i]) for i in untaught[:5])}."
            findings.append(Finding("class-missing", "severe", message, "train", {"classes": len(untaught)}))
    return tuple(findings)


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
