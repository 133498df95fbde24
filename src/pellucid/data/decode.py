"""One image file becomes uint8 pixels, or a fault that names the file and the reason.

The header is judged before anything is decoded: size, format, and whether the suffix tells the truth. Every mode is
converted explicitly and named in `Decoded.changes`, so a report can count what was done. Damaged pixels inside a JPEG
can decode without a fault (its format has no checksum); PNG chunks are checked by their CRC.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import DataError, Place, quote

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

FORMATS = {
    ".png": ("PNG",),
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".bmp": ("BMP", "DIB"),
    ".gif": ("GIF",),
    ".webp": ("WEBP",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".ppm": ("PPM",),
    ".pgm": ("PPM",),
}
"""What each suffix may contain; nothing else is opened."""
READ = ("BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's readers of those; the one for JPEG opens MPO, several JPEGs in one file, as well."""
MOST_PIXELS = 64 * 2**20
MOST_BYTES = 512 * 2**20
"""Of one decoded image; a file above it is refused unread too."""
GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N"})
BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "LA": 2, "La": 2, "PA": 2, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""4 for every other mode; Pillow keeps RGB in four bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself before it is decoded, turned upright."""

    height: int
    width: int
    grey: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image as uint8 pixel_HW (grey) or pixel_HWC (colour)."""

    pixels: np.ndarray
    changes: tuple[str, ...] = ()
    """What was done to it, in plain words: `turned upright by its EXIF tag`, `16 bits to 8`, ..."""


def header(path: Path, place: Place) -> Header:
    """Height, width and whether it is grey, without decoding. Raises: DataError, as `decode` does."""
    with _boundary(place), _opened(path, place) as image:
        orientation = image.getexif().get(0x0112, 1)
        height, width = (image.width, image.height) if orientation in (5, 6, 7, 8) else (image.height, image.width)
        return Header(height, width, _is_grey(image))


def decode(path: Path, place: Place) -> Decoded:
    """The first frame of an image, upright, as 8-bit grey or RGB.

    Raises: DataError where the file is missing, empty, unreadable, too big, of another format than its suffix says,
    truncated or damaged.
    """
    with _boundary(place), _opened(path, place, whole=True) as image:
        return _decoded(image, place)


def codes(path: Path, place: Place) -> tuple[np.ndarray, bool]:
    """The values of a mask, value_HW, unconverted, and whether they are colours: red * 65536 + green * 256 + blue.

    Raises: DataError as `decode` does, and for formats that blur edges.
    """
    import numpy as np

    with _boundary(place), _opened(path, place, whole=True) as image:
        if image.format in ("JPEG", "MPO", "WEBP"):
            message = f"a mask in {image.format} has blurred edges"
            raise DataError("DATA-TARGET", message, place=place, hint="save masks as PNG")
        image.load()
        if image.mode in ("RGB", "RGBA"):
            pixel_HWC = np.asarray(image.convert("RGB")).astype(np.uint32)
            return pixel_HWC[..., 0] << 16 | pixel_HWC[..., 1] << 8 | pixel_HWC[..., 2], True
        if image.mode not in ("1", "L", "P", "I") and not image.mode.startswith("I;16"):
            message = f"a mask in mode {image.mode}; codes in grey or a palette are read, or few colours in RGB"
            raise DataError("DATA-TARGET", message, place=place)
        return np.asarray(image.convert("L") if image.mode == "1" else image), False


def from_picture(image: Image, place: Place) -> Decoded:
    """The same for an image that Pillow has open already."""
    with _boundary(place):
        return _decoded(image, place)


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """`pixels` at another size: areas averaged where both sides shrink, bilinear otherwise; proportions may change."""
    import numpy as np
    from PIL import Image

    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = height <= pixels.shape[0] and width <= pixels.shape[1]
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), method))


def resized_codes(code_HW: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 codes at another size, each pixel that of the nearest one: codes are not averaged."""
    import numpy as np
    from PIL import Image

    if code_HW.shape == (height, width):
        return code_HW
    nearest = Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(np.ascontiguousarray(code_HW)).resize((width, height), nearest))


def recoloured(pixels: np.ndarray, channels: int) -> np.ndarray:
    """pixel_CHW with 1 or 3 channels: grey repeated, or colour weighted as ITU-R 601 does."""
    import numpy as np
    from PIL import Image

    if channels == 1 and pixels.ndim == 3:
        pixels = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))
    if pixels.ndim == 3:
        return pixels.transpose(2, 0, 1)
    return np.broadcast_to(pixels, (channels, *pixels.shape))


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Keeps what the C libraries print on file descriptor 2, and Pillow's warnings, off the terminal; yields the lines.

    For the whole of a parallel reading at once, because the descriptor and the filters belong to the process.
    """
    lines: list[str] = []
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all: nothing to keep quiet
        yield lines
        return
    with tempfile.TemporaryFile() as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read().decode(errors="replace").splitlines()


def _decoded(image: Image, place: Place) -> Decoded:
    import numpy as np
    from PIL import ImageOps

    changes: list[str] = []
    if getattr(image, "n_frames", 1) > 1:  # only some of Pillow's classes have frames
        changes.append("first of several frames taken")
    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.size != image.size or image.getexif().get(0x0112, 1) not in (0, 1):
        changes.append("turned upright by its EXIF tag")
    plain = _plain(turned, changes, place)
    return Decoded(np.asarray(plain), tuple(changes))


@contextmanager
def _boundary(place: Place) -> Iterator[None]:
    """Turns whatever a decoder raises into a DataError at `place`."""
    try:
        yield
    except DataError:
        raise
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - decoders raise OSError, ValueError, SyntaxError, struct.error, ...
        reason = str(fault) or type(fault).__name__
        if type(fault).__name__ == "DecompressionBombError":
            raise _too_big(place, reason) from None
        raise DataError("DATA-IMAGE", f"cannot be decoded: {_first_line(reason)}", place=place) from None


@contextmanager
def _opened(path: Path, place: Place, *, whole: bool = False) -> Iterator[Image]:
    """The file as an open image whose header was judged; with `whole`, the checksums of a PNG too."""
    from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin  # noqa: F401 - registers readers

    expected = FORMATS.get(path.suffix.lower())
    if expected is None:
        hint = f"one of: {', '.join(FORMATS)}"
        raise DataError("DATA-IMAGE-FORMAT", f"{quote(path.suffix)} is no image suffix", place=place, hint=hint)
    data = _bytes(path, place)
    try:
        image = Image.open(BytesIO(data), formats=READ)
    except UnidentifiedImageError:
        message = f"is no {expected[0]} image, nor any other that is read"
        raise DataError("DATA-IMAGE-FORMAT", message, place=place) from None
    with image:
        if image.format not in expected:
            message = f"its suffix says {expected[0]}, its content is {image.format}"
            raise DataError("DATA-IMAGE-FORMAT", message, place=place, hint="rename the file")
        pixels = image.width * image.height
        if pixels > MOST_PIXELS or pixels * BYTES_PER_PIXEL.get(image.mode, 4) > MOST_BYTES:
            raise _too_big(place, f"{image.width}x{image.height} pixels")
        if whole and image.format == "PNG":
            with Image.open(BytesIO(data), formats=["PNG"]) as twin:
                twin.verify()  # every chunk's CRC; an image that was verified cannot be decoded, hence the twin
        yield image


def _bytes(path: Path, place: Place) -> bytes:
    """The content of a regular file. Raises: DataError where there is none."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise DataError("DATA-FILE", "is not a regular file", place=place)
        if facts.st_size == 0:
            raise DataError("DATA-IMAGE-EMPTY", "is empty (0 bytes)", place=place)
        if facts.st_size > MOST_BYTES:
            raise _too_big(place, f"{facts.st_size:,} bytes")
        return path.read_bytes()
    except FileNotFoundError:
        what = "is a link that points to nothing" if path.is_symlink() else "does not exist"
        raise DataError("DATA-FILE", what, place=place) from None
    except OSError as fault:
        raise DataError("DATA-FILE", f"cannot be read: {fault.strerror}", place=place) from None


def _too_big(place: Place, what: str) -> DataError:
    limit = f"at most {MOST_PIXELS // 2**20} million pixels and {MOST_BYTES // 2**20} MiB are decoded"
    return DataError("DATA-IMAGE-BIG", f"is too big: {_first_line(what)}", place=place, hint=limit)


def _first_line(text: str) -> str:
    return quote(text.splitlines()[0] if text else "").strip('"')


def _is_grey(image: Image) -> bool:
    palette = image.getpalette() if image.mode in ("P", "PA") else None
    return image.mode in GREY or (bool(palette) and palette[::3] == palette[1::3] == palette[2::3])


def _plain(image: Image, changes: list[str], place: Place) -> Image:
    """`image` as mode L or RGB; what was done is added to `changes`."""
    import numpy as np
    from PIL import Image

    grey = _is_grey(image)
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise DataError("DATA-IMAGE-MODE", "has 32-bit pixels; 8 or 16 bits are read", place=place)
        changes.append("16 bits to 8, the range 0..65535 to 0..255")
        return Image.fromarray(((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8))
    if image.mode == "F":
        raise DataError("DATA-IMAGE-MODE", "has pixels of floating point; 8 or 16 bits are read", place=place)
    if image.mode in ("P", "PA"):
        changes.append("palette to colours")
    elif image.mode not in ("L", "LA", "La", "RGB", "RGBA", "RGBa"):
        changes.append(f"{'black and white' if image.mode == '1' else image.mode} to {'grey' if grey else 'RGB'}")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        changes.append("transparency laid on white")
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return image.convert("L" if grey else "RGB")
