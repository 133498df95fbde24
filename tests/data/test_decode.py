from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.decode import codes, decode, quiet, recoloured, resized, resized_codes
from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Signature
from pellucid.errors import DataError, Place


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path)
    return path


def read(path: Path | str, **fields: object) -> tuple[Images, ImageRaw, Signature]:
    data = Images.model_validate({"path": str(path), **fields})
    raw = data.read()
    return data, raw, data.inspect(raw)


MODES = {
    "1": ("black and white to grey", 1),
    "P": ("palette to colours", 3),
    "RGBA": ("transparency laid on white", 3),
    "LA": ("transparency laid on white", 1),
    "CMYK": ("CMYK to RGB", 3),
}


@pytest.mark.parametrize("mode", MODES)
def test_modes_are_converted_and_counted(tmp_path: Path, mode: str):
    said, channels = MODES[mode]
    for index in range(4):
        pixels = noise(index, channels=1 if mode in ("1", "LA") else 3)
        suffix = "tif" if mode == "CMYK" else "png"
        write(tmp_path / "ab"[index % 2] / f"{index}.{suffix}", pixels, mode)
    _, raw, signature = read(tmp_path)
    assert raw.pixel_NCHW.shape[1] == channels
    assert f"4 images: {said}" in signature.notes["converted"]


def test_sixteen_bits_become_eight(tmp_path: Path):
    values = np.array([[0, 257, 65535], [128, 129, 32768]], np.uint16)
    for name in ("a", "b"):
        write(tmp_path / name / "0.png", values)
    _, raw, signature = read(tmp_path)
    assert raw.pixel_NCHW[0, 0].tolist() == [[0, 1, 255], [0, 1, 128]]
    assert signature.notes["converted"] == "2 images: 16 bits to 8, the range 0..65535 to 0..255"


def test_clear_pixels_are_white(tmp_path: Path):
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[0, 0] = (10, 20, 30, 255)
    for name in ("a", "b"):
        write(tmp_path / name / "0.png", clear)
    raw = read(tmp_path)[1]
    assert raw.pixel_NCHW[0, :, 0, 0].tolist() == [10, 20, 30] and raw.pixel_NCHW[0, :, 1, 1].tolist() == [255] * 3


def test_exif_turns_an_image(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:, 8:] = 255
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "0.jpg", exif=exif, quality=100)
    _, raw, signature = read(tmp_path)
    assert signature.image == (1, 16, 8)
    assert raw.pixel_NCHW[0, 0, 0].mean() < 10 and raw.pixel_NCHW[0, 0, -1].mean() > 245
    assert "2 images: turned upright by its EXIF tag" in signature.notes["converted"]


def test_only_the_first_frame_is_taken(tmp_path: Path):
    frames = [Image.fromarray(noise(index)) for index in range(3)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        frames[0].save(tmp_path / name / "0.gif", save_all=True, append_images=frames[1:])
    _, raw, signature = read(tmp_path)
    assert np.array_equal(raw.pixel_NCHW[0, 0], noise(0))
    assert "2 images: first of several frames taken" in signature.notes["converted"]


FORMATS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "gif": "GIF", "tif": "TIFF", "webp": "WEBP", "pgm": "PPM"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_files_decode_or_are_refused_and_nothing_else(tmp_path: Path, suffix: str):
    good = write(tmp_path / f"good.{suffix}", noise(1, 24, 20)).read_bytes()
    place, random = Place("x"), np.random.default_rng(ord(suffix[0]))
    refused = 0
    with quiet():
        for index in range(60):
            data = bytearray(good)
            for at in random.integers(0, len(data), 1 + index % 5):
                data[at] = random.integers(0, 256)
            path = tmp_path / f"{index}.{suffix}"
            path.write_bytes(bytes(data[: random.integers(1, len(data))] if index % 3 == 0 else data))
            try:
                assert decode(path, place).pixels.dtype == np.uint8
            except DataError as fault:
                refused += 1
                assert fault.exit_code == 2 and str(fault).startswith("x: ") and "\n" not in str(fault)
    assert refused >= 10


def test_what_the_libraries_print_is_caught(capfd: pytest.CaptureFixture[str]):
    with quiet() as lines:
        os.write(2, b"libfoo: odd tag\n")
    assert lines == ["libfoo: odd tag"] and capfd.readouterr().err == ""


def test_sizes_and_channels():
    pixels = np.array([[0, 100], [200, 100]], np.uint8)
    assert resized(pixels, 1, 1).tolist() == [[100]]
    assert resized(pixels, 2, 2) is pixels
    assert resized(pixels, 4, 4).shape == (4, 4) and resized(noise(1, 9, 9, 3), 4, 5).shape == (4, 5, 3)
    assert recoloured(pixels, 3).shape == (3, 2, 2) and recoloured(pixels, 1).shape == (1, 2, 2)
    red = np.zeros((1, 1, 3), np.uint8)
    red[..., 0] = 255
    assert recoloured(red, 1).tolist() == [[[76]]]
    assert recoloured(red, 3).tolist() == [[[255]], [[0]], [[0]]]


def saved(root: Path, image: Image.Image, suffix: str = "png", **options: Any) -> tuple[ImageRaw, Signature]:
    """The same picture in two classes, as a file of some format."""
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        image.save(root / name / f"0.{suffix}", **options)
    _, raw, signature = read(root)
    return raw, signature


def test_webp_is_read_in_both_kinds_and_turned(tmp_path: Path):
    pixels = noise(1, 12, 8, 3)
    raw, _ = saved(tmp_path / "lossless", Image.fromarray(pixels), "webp", lossless=True)
    assert np.array_equal(raw.pixel_NCHW[0], pixels.transpose(2, 0, 1))
    exif = Image.Exif()
    exif[0x0112] = 3
    raw, signature = saved(tmp_path / "turned", Image.fromarray(pixels), "webp", lossless=True, exif=exif)
    assert np.array_equal(raw.pixel_NCHW[0], pixels[::-1, ::-1].transpose(2, 0, 1))
    assert "2 images: turned upright by its EXIF tag" in signature.notes["converted"]
    raw, _ = saved(tmp_path / "lossy", Image.fromarray(np.full((12, 8, 3), 90, np.uint8)), "webp")
    assert abs(int(raw.pixel_NCHW[0].mean()) - 90) <= 2


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_of_png_and_tiff_are_scaled_by_their_range(tmp_path: Path, suffix: str):
    values = np.linspace(0, 65535, 96).round().astype(np.uint16).reshape(12, 8)
    raw, signature = saved(tmp_path, Image.fromarray(values), suffix)
    assert np.array_equal(raw.pixel_NCHW[0, 0], np.round(values / 257).astype(np.uint8))
    assert "0..65535 to 0..255" in signature.notes["converted"]


def test_a_palette_with_a_clear_colour_is_laid_on_white(tmp_path: Path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    raw, signature = saved(tmp_path, image, transparency=1)
    assert raw.pixel_NCHW[0].transpose(1, 2, 0).tolist() == [
        [[10, 20, 30], [255, 255, 255]],
        [[70, 80, 90], [255, 255, 255]],
    ]
    assert signature.notes["converted"] == "2 images: palette to colours; 2 images: transparency laid on white"


def test_half_clear_pixels_are_mixed_with_white(tmp_path: Path):
    pixels = np.full((2, 2, 4), 100, np.uint8)
    pixels[..., 3] = 128
    raw, signature = saved(tmp_path, Image.fromarray(pixels))
    assert raw.pixel_NCHW[0, 0, 0, 0] in (177, 178)
    assert signature.notes["converted"] == "2 images: transparency laid on white"


def test_cmyk_becomes_rgb(tmp_path: Path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 0] = 255  # cyan ink alone
    raw, signature = saved(tmp_path, Image.fromarray(pixels, "CMYK"), "tif")
    assert raw.pixel_NCHW[0, :, 0, 0].tolist() == [0, 255, 255]
    assert signature.notes["converted"] == "2 images: CMYK to RGB"


def test_codes_keep_their_size_without_mixing():
    codes_HW = np.array([[0, 9], [200, 9]], np.uint8)
    assert resized_codes(codes_HW, 2, 2) is codes_HW
    assert set(np.unique(resized_codes(codes_HW, 7, 5))) == {0, 9, 200}
    assert resized_codes(codes_HW, 4, 4)[:2, 2:].tolist() == [[9, 9], [9, 9]]


def test_the_values_of_a_mask_are_not_changed(tmp_path: Path):
    deep = np.array([[0, 300], [65535, 7]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert codes(tmp_path / "deep.png", Place("x"))[0].tolist() == deep.tolist()
    colour = np.array([[[255, 0, 1]]], np.uint8)
    Image.fromarray(colour).save(tmp_path / "colour.png")
    values, coloured = codes(tmp_path / "colour.png", Place("x"))
    assert coloured and values.tolist() == [[0xFF0001]]
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(DataError, match="mode F"):
        codes(tmp_path / "float.tif", Place("x"))
