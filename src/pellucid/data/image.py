"""Images: folders, CSV files of paths, arrays and embedded sets, brought to one size and one mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from pellucid.data.signature import Column, Signature, Target
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.splitting import ByFiles, Facts
from pellucid.errors import DataError, Place, SchemaError, did_you_mean, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.image_prepare import ImagePreparation
    from pellucid.data.image_raw import ImageRaw, Wanted
    from pellucid.data.split import Split

Side = Annotated[int, Ge(1), Le(1024)]
PART_COLUMN = "split"
"""The name under which ready-made train, valid and test parts are offered to the split `by_column`."""


class Images(Data):
    """Images of one size, each with a class, with numbers, or with neither.

    The path names a folder with one folder for each class; a folder with the folders train, valid and test of such; a
    CSV file of paths and labels; an `.npz` file; or an embedded set. Every file is decoded and checked before training.
    """

    kind: Literal["images"] = "images"
    size: tuple[Side, Side] | None = None
    """Height and width to bring every image to. Planned: the size that most of them have, else their median, with the
    longer side brought down to 64 pixels."""
    mode: Literal["auto", "grey", "rgb"] = "auto"
    """Channels: one for grey, three for rgb; auto is grey where every image is."""

    def read(self) -> ImageRaw:
        """Reads and checks every image. Raises: DataError naming the file and the reason."""
        from pellucid.data import image_sources
        from pellucid.data.image_raw import gather

        if self.path is None:
            hint = "data: {kind: images, path: ...}, or hand over arrays"
            raise DataError("DATA-PATH", "no path says where the images are", place=Place(path="data.path"), hint=hint)
        items, target, columns, notes = image_sources.from_path(self.path, _targets(self.target))
        raw = gather(items, self._wanted(target), self.path, columns)
        return _with_notes(raw, notes)

    def from_arrays(self, images: Any, labels: Sequence[object] | None = None) -> ImageRaw:
        """Images in memory: image_NHW, image_NHWC or image_NCHW, uint8 or floats from 0 to 1, and a label for each.

        A list may mix sizes. Labels that are numbers with a fraction, or rows of numbers, are values to predict.
        """
        from pellucid.data import image_sources
        from pellucid.data.image_raw import gather

        items = image_sources.from_memory(images, labels)
        names = _targets(self.target) or ("label",)
        width = len(items[0].labels) if items else 0
        target = names if len(names) == width else tuple(f"{names[0]}_{i + 1}" for i in range(width))
        return gather(items, self._wanted(target), "arrays", {})

    def read_rows(self, rows: Any) -> ImageRaw:
        """`from_arrays` of (images, labels), of a mapping with `images` and perhaps `labels`, or of images alone."""
        from pellucid.data.image_sources import pair

        return self.from_arrays(*pair(rows))

    def inspect(self, raw: Raw) -> Signature:
        """What the images are: size, channels, classes, hazards. Raises: DataError for one class only."""
        from pellucid.data.image_prepare import image_findings
        from pellucid.data.image_raw import ImageRaw

        assert isinstance(raw, ImageRaw)
        _, channels, height, width = raw.pixel_NCHW.shape
        return Signature(
            "images",
            raw.source,
            raw.rows,
            raw.fingerprint,
            _target(raw),
            columns=_columns(raw),
            image=(channels, height, width),
            sizes=raw.sizes,
            findings=image_findings(raw),
            notes=dict(raw.notes),
        )

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits by image content, then fits mean and deviation of each channel on the training part."""
        import numpy as np

        from pellucid.data.image_prepare import prepared, split_findings
        from pellucid.data.image_raw import ImageRaw

        assert isinstance(raw, ImageRaw)
        if isinstance(split, ByFiles):
            hint = "put the images into folders called train, valid and test"
            raise DataError("DATA-SPLIT", "images have no split by files", place=Place(path="data.split"), hint=hint)
        part_N = split.assign(_facts(raw), seed)
        dataset, preparation = prepared(raw, part_N, signature)
        dataset.augment = self.augment
        counts = np.bincount(part_N, minlength=3)
        share = {"train": int(counts[0]), "valid": int(counts[1]), "test": int(counts[2])}
        findings = (*signature.findings, *split_findings(raw, part_N))
        return Loaded(dataset, preparation, signature.replace(findings=findings), share)

    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> ImagePreparation:
        """The preparation that `arrays` was saved from."""
        from pellucid.data.image_prepare import restore

        return restore(arrays)

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> ImageRaw:
        """Images for prediction, brought to the size and mode the model was trained on, with a counted note.

        A folder of any layout, a list of files, one image, a CSV file of paths, an `.npz` file, an array, a list of
        Pillow images, or a mapping with `images` and `labels`. Raises: SchemaError naming the image that cannot be
        used and the reason, or the label that is missing or unknown where `labelled`.
        """
        from pellucid.data import image_sources
        from pellucid.data.image_raw import Wanted, gather

        assert signature.image is not None
        channels, height, width = signature.image
        target = signature.target
        names, values = (target.names, target.kind == "values") if target else ((), False)
        rows = dict(zip(("images", "labels"), source, strict=True)) if labelled and type(source) is tuple else source
        try:
            items, found, columns, notes = image_sources.from_anything(rows, names)
            kept = found if target and (not values or found == names) else ()
            mode = "grey" if channels == 1 else "rgb"
            classes = target.classes if target else ()
            wanted = Wanted((height, width), mode, kept, classes, values, self.workers)
            raw = gather(items, wanted, source if isinstance(source, str) else "new images", columns)
        except DataError as fault:
            raise SchemaError(fault.code, fault.message, place=fault.place, hint=fault.hint) from None
        if labelled and raw.code_N is None and raw.value_ND is None:
            message = raw.notes.get("labels not used", "have no labels to judge by")
            raise SchemaError("DATA-TARGET", message, place=Place(raw.source))
        return _with_notes(raw, notes, findings=_drift(raw))

    def _wanted(self, target: tuple[str, ...]) -> Wanted:
        from pellucid.data.image_raw import Wanted

        skip = 0.0 if self.on_bad_row == "error" else self.on_bad_row.skip
        return Wanted(self.size, self.mode, target, workers=self.workers, skip=skip)


def _targets(target: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (target,) if isinstance(target, str) else target or ()


def _target(raw: ImageRaw) -> Target | None:
    import numpy as np

    if raw.value_ND is not None:
        why = "numbers with a fraction" if len(raw.target) == 1 else f"{len(raw.target)} columns of numbers"
        return Target("values", raw.target, why=why)
    if raw.code_N is None:
        return None
    if len(raw.classes) < 2:
        message = f"holds one class only: {quote(', '.join(raw.classes))}"
        raise DataError("DATA-CLASS", message, place=Place(raw.source), hint="at least two classes are needed")
    counts = tuple(np.bincount(raw.code_N, minlength=len(raw.classes)).tolist())
    why = "one folder for each class" if raw.target == ("folder",) else "each image has one of several labels"
    return Target("classes", raw.target, raw.classes, counts, why)


def _columns(raw: ImageRaw) -> tuple[Column, ...]:
    """The ready-made parts, as the column that `choose_split` looks for."""
    parts = _parts(raw)
    if parts is None:
        return ()
    distinct = tuple(dict.fromkeys(parts))
    why = "train, valid and test are ready-made"
    return (Column(PART_COLUMN, "category", "split", why, distinct=len(distinct), categories=distinct),)


def _parts(raw: ImageRaw) -> tuple[str, ...] | None:
    return raw.parts if raw.parts is not None else raw.columns.get(PART_COLUMN)


def _facts(raw: ImageRaw) -> Facts:
    """What a split may look at: contents, classes, ready-made parts, and the columns of a CSV file."""
    import numpy as np

    parts = _parts(raw)
    columns = {**raw.columns, **({} if parts is None else {PART_COLUMN: parts})}

    def text(name: str) -> np.ndarray:
        if name not in columns:
            hint = did_you_mean(name, columns) if columns else "images in folders have no columns"
            raise DataError("DATA-SPLIT", f"there is no column {quote(name)}", place=Place(raw.source), hint=hint)
        return np.array([cell.strip() or None for cell in columns[name]], object)

    def number(name: str) -> np.ndarray:
        try:
            return np.array([float("nan") if cell is None else float(cell) for cell in text(name)])
        except ValueError:
            message = f"column {quote(name)} holds a cell that is no number"
            raise DataError("DATA-SPLIT", message, place=Place(raw.source)) from None

    return Facts(raw.row_N, raw.code_N, text, number, source=raw.source)


def _with_notes(raw: ImageRaw, notes: Mapping[str, str], findings: tuple[Finding, ...] = ()) -> ImageRaw:
    return replace(raw, notes={**notes, **raw.notes}, findings=findings)


def _drift(raw: ImageRaw) -> tuple[Finding, ...]:
    """Conversions and labels that a person predicting should hear of."""
    told = [(check, raw.notes[note]) for check, note in _TOLD if note in raw.notes]
    return tuple(Finding(check, "warning", message) for check, message in told)


_TOLD = (("image-converted", "converted"), ("unknown-label", "labels not used"), ("files-left-out", "files left out"))
