"""Images: folders, CSV files of paths, arrays and embedded sets, brought to one size and one mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from pellucid.data.signature import Column, Signature, Target
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.splitting import ByFiles
from pellucid.errors import DataError, Place, SchemaError, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.image_prepare import ImagePreparation
    from pellucid.data.image_raw import Asked, Found, ImageRaw
    from pellucid.data.split import Split

Side = Annotated[int, Ge(1), Le(1024)]


class Images(Data):
    """Images of one size with classes, numbers, masks or boxes to learn, or with nothing.

    The path names a folder with one folder for each class; a folder `images` with one of `masks` beside it; a folder
    with COCO or Pascal VOC boxes; the folders train, valid and test of any of these; a CSV file of paths and labels or
    masks; a COCO file; an `.npz` file; or an embedded set. Every file is decoded and checked before training.
    """

    kind: Literal["images"] = "images"
    size: tuple[Side, Side] | None = None
    """Height and width to bring every image to. Planned: the size that most of them have, else their median, with the
    longer side brought down to 64 pixels."""
    mode: Literal["auto", "grey", "rgb"] = "auto"
    """Channels: one for grey, three for rgb; auto is grey where every image is."""
    mask: Literal["classes", "any"] = "classes"
    """What masks say: a class by each value; or, by any value above 0, that there is an object."""
    tile: tuple[Side, Side] | None = None
    """Height and width of the tiles into which larger pictures are cut; none given: pictures stay whole."""
    frames: Annotated[int, Ge(1), Le(256)] | None = None
    """Pictures of a clip, taken evenly; 1: no clips. Planned: as many as the shortest clip has, at most 16, where the
    folders of the classes hold folders of numbered pictures."""

    def read(self) -> ImageRaw:
        """Reads and checks every image. Raises: DataError naming the file and the reason."""
        from pellucid.data import image_sources

        if self.path is None:
            hint = "data: {kind: images, path: ...}, or hand over arrays"
            raise DataError("DATA-PATH", "no path says where the images are", place=Place(path="data.path"), hint=hint)
        return self._gathered(image_sources.from_path(self.path, self._asked()), self.path)

    def from_arrays(self, images: Any, labels: Sequence[object] | None = None) -> ImageRaw:
        """Images in memory: image_NHW, image_NHWC or image_NCHW, uint8 or floats from 0 to 1, and a label for each.

        A list may mix sizes. Labels that are numbers with a fraction, or rows of numbers, are values to predict.
        """
        return self.read_rows({"images": images} if labels is None else {"images": images, "labels": labels})

    def read_rows(self, rows: Any) -> ImageRaw:
        """`from_arrays` of (images, labels), of images alone, or of a mapping.

        A mapping has `images`, or `clips` (clip_NFHW or clip_NFHWC), and perhaps `labels`; or `masks` (mask_NHW of
        class codes) and perhaps `classes`; or `boxes` (boxes_NM5, or a list of boxes_M5) and `classes`.
        """
        from pellucid.data import image_sources

        return self._gathered(image_sources.from_anything(_named(rows), self._asked()), "arrays")

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
            image=(channels // raw.frames, height, width),
            frames=raw.frames,
            sizes=raw.sizes,
            findings=image_findings(raw),
            notes=dict(raw.notes),
        )

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits by image content, then fits mean and deviation of each channel on the training part."""
        import numpy as np

        from pellucid.data.image_prepare import prepared
        from pellucid.data.image_raw import ImageRaw
        from pellucid.data.image_split import facts, split_findings

        assert isinstance(raw, ImageRaw)
        if isinstance(split, ByFiles):
            hint = "put the images into folders called train, valid and test"
            raise DataError("DATA-SPLIT", "images have no split by files", place=Place(path="data.split"), hint=hint)
        part_N = split.assign(facts(raw), seed)
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
        Pillow images, or a mapping as for `read_rows`. Raises: SchemaError naming the image that cannot be used and
        the reason, or the label, mask or boxes that are missing or unknown where `labelled`.
        """
        from pellucid.data import image_sources
        from pellucid.data.image_gather import gather
        from pellucid.data.image_raw import Asked, Wanted

        assert signature.image is not None
        channels, height, width = signature.image
        target, size = signature.target, (height, width)
        names, classes = (target.names, target.classes) if target else ((), ())
        drawn = target is not None and target.kind in ("mask", "boxes")
        values = target is not None and target.kind == "values"
        asked = Asked(names, True, labelled, classes if drawn else None, self.mask, signature.frames)
        wanted = Wanted(
            self.size if self.tile else size,
            "grey" if channels == 1 else "rgb",
            classes,
            target.marks if target else (),
            values,
            self.workers,
            tile=self.tile,
            frames=signature.frames,
            mask=self.mask,
        )
        try:
            found = image_sources.from_anything(_named(source) if labelled else source, asked)
            kept = found.target if target and (not values or found.target == names) else ()
            raw = gather(replace(found, target=kept), wanted, source if isinstance(source, str) else "new images")
        except DataError as fault:
            raise SchemaError(fault.code, fault.message, place=fault.place, hint=fault.hint) from None
        if labelled and all(found is None for found in (raw.code_N, raw.value_ND, raw.mask_NHW, raw.boxes_NM5)):
            message = raw.notes.get("labels not used", "have no labels to judge by")
            raise SchemaError("DATA-TARGET", message, place=Place(raw.source))
        return replace(raw, findings=_drift(raw))

    def _asked(self) -> Asked:
        from pellucid.data.image_raw import Asked

        target = (self.target,) if isinstance(self.target, str) else self.target or ()
        return Asked(target, mask=self.mask, frames=self.frames)

    def _gathered(self, found: Found, source: str) -> ImageRaw:
        from pellucid.data.image_gather import gather
        from pellucid.data.image_raw import Wanted

        skip = 0.0 if self.on_bad_row == "error" else self.on_bad_row.skip
        wanted = Wanted(self.size, self.mode, workers=self.workers, skip=skip, tile=self.tile, frames=self.frames)
        return gather(found, replace(wanted, mask=self.mask), source)


def _named(rows: Any) -> Any:
    """A pair as the mapping it stands for."""
    pair = isinstance(rows, tuple) and len(rows) == 2
    if pair and rows[1] is not None:
        return {"images": rows[0], "labels": rows[1]}
    return rows[0] if pair else rows


def _target(raw: ImageRaw) -> Target | None:
    import numpy as np

    if raw.value_ND is not None:
        why = "numbers with a fraction" if len(raw.target) == 1 else f"{len(raw.target)} columns of numbers"
        return Target("values", raw.target, why=why)
    if raw.mask_NHW is not None:
        pixels = sum(np.bincount(mask_HW.reshape(-1), minlength=256) for mask_HW in raw.mask_NHW)
        counts = tuple(np.asarray(pixels)[: len(raw.classes)].tolist())
        kind = "mask"
    elif raw.boxes_NM5 is not None:
        counted = np.bincount(raw.boxes_NM5[:, :, 4].astype(int).reshape(-1) + 1, minlength=len(raw.classes) + 1)
        counts, kind = tuple(counted[1:].tolist()), "boxes"
        if not sum(counts):
            raise DataError("DATA-TARGET", "no image has a box", place=Place(raw.source))
    elif raw.code_N is not None:
        counts, kind = tuple(np.bincount(raw.code_N, minlength=len(raw.classes)).tolist()), "classes"
    else:
        return None
    if len(raw.classes) < 2 and kind != "boxes":
        message = f"holds one class only: {quote(', '.join(raw.classes))}"
        raise DataError("DATA-CLASS", message, place=Place(raw.source), hint="at least two classes are needed")
    return Target(kind, raw.target, raw.classes, counts, raw.why or "each image has one of several labels", raw.marks)


def _columns(raw: ImageRaw) -> tuple[Column, ...]:
    """The ready-made parts, as the column that `choose_split` looks for."""
    from pellucid.data.image_split import PART_COLUMN, ready_made

    parts = ready_made(raw)
    if parts is None:
        return ()
    distinct = tuple(dict.fromkeys(parts))
    why = "train, valid and test are ready-made"
    return (Column(PART_COLUMN, "category", "split", why, distinct=len(distinct), categories=distinct),)


def _drift(raw: ImageRaw) -> tuple[Finding, ...]:
    """Conversions and labels that a person predicting should hear of."""
    told = [(check, raw.notes[note]) for check, note in _TOLD if note in raw.notes]
    return tuple(Finding(check, "warning", message) for check, message in told)


_TOLD = (("image-converted", "converted"), ("unknown-label", "labels not used"), ("files-left-out", "files left out"))
