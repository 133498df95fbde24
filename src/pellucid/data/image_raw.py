"""Images as read: uint8 pixels of one size, what is to be learnt about them, and what had to be done to get there.

N  images (or tiles of them, or clips)     C  channels (1 grey, 3 red green blue) of all frames, first frame first
H, W  height and width after resizing      M  boxes of the image that has most
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from pellucid.data.decode import Decoded, Header
from pellucid.data.image_store import RESIDENT_BYTES
from pellucid.data.signature import Signature
from pellucid.errors import Place
from pellucid.findings import Finding

MaskMeaning = Literal["classes", "any"]
"""`classes`: each value is one; `any`: all above 0 are one, as where each object has a number of its own."""
KINDS: dict[str, Literal["mask", "boxes"]] = {"mask": "mask", "masks": "mask", "boxes": "boxes"}
"""What `data.target` may say to ask for masks or boxes."""

NOWHERE = Place()
Extent = tuple[int, int]
"""Height and width."""


class Marked(NamedTuple):
    """A mask as it was found, before the whole set says which class each of its values means."""

    index_HW: np.ndarray
    """uint8."""
    values: tuple[int, ...]
    """What each index stands for: a whole number, or red * 65536 + green * 256 + blue."""
    colour: bool = False


@dataclass(frozen=True)
class Item:
    """One image, or one clip of several, to read, wherever it is."""

    name: str
    header: Callable[[], Header]
    """Of the first picture."""
    decode: Callable[[int], Decoded]
    """A picture by its number in the clip; 0 is the first, or only, one."""
    labels: tuple[str, ...] = ()
    """The class, or the cells of several target columns; empty where there is none."""
    part: str | None = None
    """train, valid or test where that is ready-made."""
    in_memory: bool = False
    """Decoded already, so threads would only cost."""
    length: int = 1
    """Pictures of the clip."""
    mask: Callable[[], Marked] | None = None
    boxes_M5: np.ndarray | None = None
    """float64 left, top, right, bottom in pixels of the image as it is, and class code; None where nobody says."""
    told: Place = NOWHERE
    """Where mask or boxes come from."""


@dataclass(frozen=True)
class Found:
    """What a path or a mapping names: the images, and what is known of all of them."""

    items: list[Item]
    target: tuple[str, ...] = ()
    """`folder`, `mask`, `boxes` or columns; empty where there is no target."""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other columns of a CSV file, for splits by group or time."""
    notes: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] | None = None
    """Names of the codes of masks or boxes, where they are told."""
    marks: tuple[int, ...] = ()
    """What stands for each of these classes in a mask, where that is told."""
    why: str = ""
    """How the target was recognised."""
    values: bool = False
    """Labels are values to predict, even where they are whole numbers."""


@dataclass(frozen=True)
class Asked:
    """What is to be found at a path."""

    target: tuple[str, ...] = ()
    """As the recipe names it; empty: as the layout says."""
    new: bool = False
    """For prediction: any layout will do, and labels may be missing."""
    judged: bool = True
    """Masks and boxes are needed."""
    classes: tuple[str, ...] | None = None
    """Known classes, at prediction."""
    mask: MaskMeaning = "classes"
    frames: int | None = None
    """Pictures of a clip; None: a folder of numbered pictures is one; 1: there are no clips."""

    @property
    def kind(self) -> Literal["mask", "boxes"] | None:
        """What is asked for by name, where that is no class and no number."""
        return KINDS.get(self.target[0]) if len(self.target) == 1 else None


@dataclass(frozen=True)
class Wanted:
    """How images are to come out, and what may go wrong."""

    size: tuple[int, int] | None = None
    """Height and width; None: chosen from what is found."""
    mode: Literal["auto", "grey", "rgb"] = "auto"
    classes: tuple[str, ...] | None = None
    """Known classes, at prediction; None: those of the labels."""
    marks: tuple[int, ...] = ()
    """What stands for them in a mask, at prediction."""
    values: bool | None = None
    """Whether the target is numbers; None: found out."""
    workers: int | None = None
    skip: float = 0.0
    """Largest share of the images that may be left out as unusable."""
    tile: tuple[int, int] | None = None
    """Height and width of the tiles into which pictures are cut; None: they stay whole."""
    frames: int | None = None
    """Pictures of a clip; None: the shortest clip's, at most 16."""
    mask: MaskMeaning = "classes"
    """What the values of masks mean."""
    resident: int = RESIDENT_BYTES
    """Bytes of all pixels as float32 up to which they are held in memory rather than in a file that is mapped."""


@dataclass(frozen=True)
class ImageRaw:
    """Images brought to one size and mode."""

    pixel_NCHW: np.ndarray
    """uint8."""
    code_N: np.ndarray | None
    """int64 class codes; None without classes."""
    value_ND: np.ndarray | None
    """float64 target values; None where the target is something else, or absent."""
    classes: tuple[str, ...]
    """Names of the codes in code_N, mask_NHW or boxes_NM5."""
    target: tuple[str, ...]
    """Names of the target: `folder`, `mask`, `boxes`, or columns."""
    names: tuple[str, ...]
    """A file name or a position, for each image."""
    row_N: np.ndarray
    """uint64: hash of the pixels, so equal images share a part of the split."""
    fingerprint: str
    """SHA-256 of all images at their own size with their labels, whatever their order."""
    sizes: tuple[tuple[int, int, int], ...]
    """(height, width, count) found, most frequent first, at most 10."""
    parts: tuple[str, ...] | None = None
    """train, valid or test of each image, where that is ready-made."""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other columns of a CSV file of paths."""
    notes: dict[str, str] = field(default_factory=dict)
    bad: tuple[str, ...] = ()
    """What was wrong with the images that were left out."""
    source: str = ""
    findings: tuple[Finding, ...] = ()
    """What was noticed when reading images for prediction."""
    mask_NHW: np.ndarray | None = None
    """uint8 class codes, 255 where a pixel is not judged; None without masks."""
    boxes_NM5: np.ndarray | None = None
    """float32 left, top, right, bottom in pixels, and class code; rows with the code -1 only fill up."""
    frames: int = 1
    tiles: tuple[tuple[str, int, int], ...] | None = None
    """(picture, top, left) of each tile; None where pictures are whole."""
    extents: tuple[Extent, ...] = ()
    """Of the picture behind each row, before it was resized or cut."""
    marks: tuple[int, ...] = ()
    """What stood for each class in the masks; empty: its code."""
    why: str = ""
    """How the target was recognised."""

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The name of each file, and of a tile its place in it."""
        if self.tiles is None:
            return {"file": list(self.names)}
        names, tops, lefts = zip(*self.tiles, strict=True)
        return {"file": list(names), "top": list(map(str, tops)), "left": list(map(str, lefts))}

    def picture(self, row: int) -> np.ndarray:
        """One image (of a clip, its first) as it was brought to the common size: uint8, HW for grey, HWC for colour."""
        pixel_CHW = self.pixel_NCHW[row, : self.pixel_NCHW.shape[1] // self.frames]
        return pixel_CHW[0] if len(pixel_CHW) == 1 else pixel_CHW.transpose(1, 2, 0)

    def part(self, start: int, stop: int) -> ImageRaw:
        """The pixels of the rows from `start` to `stop`, without copying, and nothing of what is to be learnt."""
        return replace(
            self,
            pixel_NCHW=self.pixel_NCHW[start:stop],
            names=self.names[start:stop],
            row_N=self.row_N[start:stop],
            extents=self.extents[start:stop],
            tiles=None if self.tiles is None else self.tiles[start:stop],
            code_N=None,
            value_ND=None,
            mask_NHW=None,
            boxes_NM5=None,
            parts=None,
            columns={},
        )

    @property
    def rows(self) -> int:
        """Images, tiles or clips."""
        return len(self.pixel_NCHW)
