"""Image sources made from a good one by one fault each: refused with exit code 2, naming the file and the reason."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.image import Images
from pellucid.errors import DataError

Break = Callable[[Path], Path | str | None]
"""Breaks a good source in place; gives the path to read where that is not the folder itself."""
FAULTS: dict[str, tuple[Break, str, str]] = {}
"""name -> (how to break it, part of the file name that must be told, part of the reason)."""


def fault(file: str, reason: str) -> Callable[[Break], Break]:
    def keep(act: Break) -> Break:
        FAULTS[act.__name__] = (act, file, reason)
        return act

    return keep


def good(root: Path) -> Path:
    """Two classes of five images, one of each common format."""
    for code, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for index, suffix in enumerate((".png", ".jpg", ".bmp", ".gif", ".tif")):
            values = np.random.default_rng(10 * code + index).integers(0, 256, (40, 30), dtype=np.uint8)
            Image.fromarray(values).save(root / name / f"{index}{suffix}")
    return root


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; the pixels are all 0 and compress well."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 + (width + 7) // 8) * min(height, 1000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def csv(root: Path, text: str | bytes) -> Path:
    file = root / "list.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


ROWS = "path,label\ncat/0.png,cat\ndog/0.png,dog\ncat/1.jpg,cat\ndog/1.jpg,dog\n"


@fault("cat/0.png", "cannot be decoded")
def png_truncated(root: Path) -> None:
    cut(root / "cat/0.png", 0.5)


@fault("cat/1.jpg", "truncated")
def jpeg_truncated(root: Path) -> None:
    cut(root / "cat/1.jpg", 0.6)


@fault("cat/2.bmp", "truncated")
def bmp_truncated(root: Path) -> None:
    cut(root / "cat/2.bmp", 0.7)


@fault("cat/3.gif", "cannot be decoded")
def gif_truncated(root: Path) -> None:
    cut(root / "cat/3.gif", 0.4)


@fault("cat/4.tif", "cannot be decoded")
def tiff_truncated(root: Path) -> None:
    cut(root / "cat/4.tif", 0.6)


@fault("dog/9.webp", "cannot be decoded")
def webp_truncated(root: Path) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(root / "dog/9.webp")
    cut(root / "dog/9.webp", 0.3)


@fault("cat/0.png", "cannot be decoded")
def png_byte_flipped(root: Path) -> None:
    data = bytearray((root / "cat/0.png").read_bytes())
    data[len(data) // 2] ^= 0x10
    (root / "cat/0.png").write_bytes(data)


@fault("cat/0.png", "is no PNG image")
def only_the_signature(root: Path) -> None:
    cut(root / "cat/0.png", 8 / (root / "cat/0.png").stat().st_size)


@fault("cat/1.jpg", "its content is PNG")
def wrong_suffix(root: Path) -> None:
    (root / "cat/1.jpg").write_bytes((root / "cat/0.png").read_bytes())


@fault("dog/0.png", "its content is JPEG")
def wrong_suffix_of_a_jpeg(root: Path) -> None:
    (root / "dog/0.png").write_bytes((root / "dog/1.jpg").read_bytes())


@fault("dog/0.png", "is no PNG image")
def text_called_png(root: Path) -> None:
    (root / "dog/0.png").write_text("<html>not found</html>")


@fault("dog/0.png", "is no PNG image")
def format_not_allowed(root: Path) -> None:
    Image.new("L", (20, 20)).save(root / "dog/icon.ico")
    (root / "dog/icon.ico").replace(root / "dog/0.png")


@fault("dog/0.png", "0 bytes")
def empty_file(root: Path) -> None:
    (root / "dog/0.png").write_bytes(b"")


@fault("dog/0.png", "too big")
def bomb_by_pixels(root: Path) -> None:
    (root / "dog/0.png").write_bytes(png_of(9000, 9000))


@fault("dog/0.png", "too big")
def bomb_beyond_pillow(root: Path) -> None:
    (root / "dog/0.png").write_bytes(png_of(60000, 60000))


@fault("dog/0.png", "cannot be decoded")
def png_with_a_huge_comment(root: Path) -> None:
    body = b"Comment\0\0" + zlib.compress(bytes(80 * 2**20), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    data = (root / "dog/0.png").read_bytes()
    (root / "dog/0.png").write_bytes(data[:33] + chunk + data[33:])


@fault("dog/9.tif", "floating point")
def float_tiff(root: Path) -> None:
    Image.fromarray(np.random.default_rng(0).random((20, 20), dtype=np.float32)).save(root / "dog/9.tif")


@fault("dog/9.tif", "32-bit")
def deep_tiff(root: Path) -> None:
    Image.fromarray(np.full((20, 20), 100_000, np.int32)).save(root / "dog/9.tif")


@fault("cat/loop", "leads back")
def symlink_loop_to_the_root(root: Path) -> None:
    (root / "cat/loop").symlink_to(root, target_is_directory=True)


@fault("cat/loop", "leads back")
def symlink_loop_to_itself(root: Path) -> None:
    (root / "cat/loop").symlink_to(root / "cat", target_is_directory=True)


@fault("round.png", "cannot be read")
def link_in_a_circle(root: Path) -> None:
    (root / "cat/round.png").symlink_to(root / "cat/round.png")


@fault("gone.png", "points to nothing")
def link_to_nothing(root: Path) -> None:
    (root / "cat/gone.png").symlink_to(root / "nowhere.png")


@fault("pipe.png", "not a regular file")
def a_pipe(root: Path) -> None:
    os.mkfifo(root / "cat/pipe.png")


@fault("cat/0.png", "cannot be read")
def unreadable(root: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (root / "cat/0.png").chmod(0)


@fault("\\udcff.png", "UTF-8")
def file_name_not_utf8(root: Path) -> None:
    os.rename(root / "cat/0.png", os.fsencode(root / "cat") + b"/\xff.png")


@fault("\\udce9", "UTF-8")
def class_name_not_utf8(root: Path) -> None:
    os.rename(root / "cat", os.fsencode(root) + b"/caf\xe9")


@fault("cat", "upper and lower case")
def class_names_that_are_twins(root: Path) -> None:
    (root / "Cat").mkdir()
    Image.new("L", (30, 40)).save(root / "Cat/0.png")


@fault("bird", "holds no images")
def class_without_images(root: Path) -> None:
    (root / "bird").mkdir()


@fault("bird", "holds no images")
def class_of_other_files(root: Path) -> None:
    (root / "bird").mkdir()
    (root / "bird/notes.txt").write_text("none yet")


@fault("", "one class only")
def one_class(root: Path) -> None:
    for path in (root / "dog").iterdir():
        path.unlink()
    (root / "dog").rmdir()


@fault("empty", "holds no images")
def no_images_at_all(root: Path) -> Path:
    (root / "empty").mkdir()
    return root / "empty"


@fault("stray.png", "has no class")
def image_beside_the_classes(root: Path) -> None:
    Image.new("L", (30, 40)).save(root / "stray.png")


@fault("absent", "does not exist")
def path_that_is_not_there(root: Path) -> Path:
    return root / "absent"


@fault("0.png", "is no set of images")
def one_image_to_train_on(root: Path) -> Path:
    return root / "cat/0.png"


def parts(root: Path) -> Path:
    for part in ("train", "test"):
        good(root / "parts" / part)
    return root / "parts"


@fault("extra", "neither train, valid nor test")
def folder_that_is_no_part(root: Path) -> Path:
    (parts(root) / "extra").mkdir()
    return root / "parts"


@fault("bird/0.png", "not in the train folder")
def class_in_test_only(root: Path) -> Path:
    (parts(root) / "test/bird").mkdir()
    Image.new("L", (30, 40)).save(root / "parts/test/bird/0.png")
    return root / "parts"


@fault("valid", "holds no images")
def part_without_images(root: Path) -> Path:
    (parts(root) / "valid").mkdir()
    return root / "parts"


@fault("val", "the same part")
def two_names_of_one_part(root: Path) -> Path:
    good(parts(root) / "valid")
    good(root / "parts/val")
    return root / "parts"


@fault("list.csv:4: path", '"cat/none.jpg"')
def csv_path_missing(root: Path) -> Path:
    return csv(root, ROWS.replace("cat/1.jpg", "cat/none.jpg"))


@fault("list.csv:3: path", "blank")
def csv_path_blank(root: Path) -> Path:
    return csv(root, ROWS.replace("dog/0.png", ""))


@fault("list.csv:5: label", "blank")
def csv_label_blank(root: Path) -> Path:
    return csv(root, ROWS.replace("dog/1.jpg,dog", "dog/1.jpg,"))


@fault("list.csv:3", "3 cells; the header has 2")
def csv_ragged(root: Path) -> Path:
    return csv(root, ROWS.replace("dog/0.png,dog", "dog/0.png,dog,x"))


@fault("list.csv:1", "two columns")
def csv_header_twice(root: Path) -> Path:
    return csv(root, ROWS.replace("path,label", "path,path"))


@fault("list.csv:1", "no column of paths")
def csv_without_paths(root: Path) -> Path:
    return csv(root, ROWS.replace("path,label", "where,label"))


@fault("list.csv", "no rows")
def csv_without_rows(root: Path) -> Path:
    return csv(root, "path,label\n")


@fault("list.csv", "is empty")
def csv_empty(root: Path) -> Path:
    return csv(root, "")


@fault("list.csv", "not UTF-8 at byte")
def csv_in_latin_1(root: Path) -> Path:
    return csv(root, ROWS.replace("cat\n", "caf\u00e9\n").encode("latin-1"))


@fault("list.csv", "no valid CSV")
def csv_open_quote(root: Path) -> Path:
    return csv(root, ROWS.replace("cat/1.jpg", '"cat/1.jpg'))


@fault("list.csv", "one class only")
def csv_one_class(root: Path) -> Path:
    return csv(root, ROWS.replace(",dog", ",cat"))


@fault("cat/1.jpg", "truncated")
def csv_of_a_broken_image(root: Path) -> Path:
    cut(root / "cat/1.jpg", 0.6)
    return csv(root, ROWS)


@fault("set.npz", "Object arrays")
def npz_with_objects(root: Path) -> Path:
    np.savez(root / "set.npz", images=np.array([{"a": 1}], dtype=object))
    return root / "set.npz"


@fault("set.npz", "no array 'images'")
def npz_without_images(root: Path) -> Path:
    np.savez(root / "set.npz", labels=np.arange(4))
    return root / "set.npz"


@fault("set.npz", "cannot be read as .npz")
def npz_truncated(root: Path) -> Path:
    np.savez(root / "set.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.arange(4))
    cut(root / "set.npz", 0.6)
    return root / "set.npz"


@fault("set.npz", "4 images and 3 labels")
def npz_with_too_few_labels(root: Path) -> Path:
    np.savez(root / "set.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.arange(3))
    return root / "set.npz"


@fault("set.npz", "holds values from")
def npz_with_nan(root: Path) -> Path:
    np.savez(root / "set.npz", images=np.full((4, 8, 8), np.nan), labels=np.arange(4))
    return root / "set.npz"


def masked(root: Path) -> Path:
    """Three images with masks of the same names."""
    for index in range(3):
        values = np.random.default_rng(index).integers(0, 256, (12, 10), dtype=np.uint8)
        for name, pixels in (("images", values), ("masks", values // 128)):
            (root / "masked" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / "masked" / name / f"{index}.png")
    return root / "masked"


@fault("masks/1.png", "the mask is 10x12, its image")
def mask_of_another_size(root: Path) -> Path:
    Image.fromarray(np.zeros((10, 12), np.uint8)).save(masked(root) / "masks/1.png")
    return root / "masked"


@fault("masks/2.png", "cannot be decoded")
def mask_truncated(root: Path) -> Path:
    cut(masked(root) / "masks/2.png", 0.7)
    return root / "masked"


@fault("images/0.png", "has no mask")
def image_without_a_mask(root: Path) -> Path:
    (masked(root) / "masks/0.png").unlink()
    return root / "masked"


@fault("masks/0.png", "names no classes")
def mask_of_a_photograph(root: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    Image.fromarray(values).save(masked(root) / "masks/0.png")
    return root / "masked"


@fault("masked", "some masks are in colour")
def masks_of_two_kinds(root: Path) -> Path:
    Image.new("RGB", (10, 12), "red").save(masked(root) / "masks/0.png")
    return root / "masked"


@fault("masked", "1 classes are named")
def masks_with_too_few_names(root: Path) -> Path:
    (masked(root) / "classes.txt").write_text("sky\n")
    return root / "masked"


@fault("masked/classes.json", "does not name classes")
def class_names_that_are_no_names(root: Path) -> Path:
    (masked(root) / "classes.json").write_text("{")
    return root / "masked"


@fault("list.csv:2: mask", '"cat/none.png"')
def csv_mask_missing(root: Path) -> Path:
    return csv(root, "path,mask\ncat/0.png,cat/none.png\n")


def boxed(root: Path, box: list[float], name: str = "0.png", category: int = 1) -> Path:
    """One image of 12x10 with a box, and one without."""
    folder = root / "boxed"
    folder.mkdir()
    for index in range(2):
        Image.fromarray(np.zeros((12, 10), np.uint8)).save(folder / f"{index}.png")
    content = {
        "images": [{"id": 1, "file_name": name}, {"id": 2, "file_name": "1.png"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"image_id": 1, "category_id": category, "bbox": box}],
    }
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


@fault("boxed/annotations.json", '"0.png": a box from 2, 2 to 12, 6')
def box_outside(root: Path) -> Path:
    return boxed(root, [2, 2, 10, 4])


@fault("boxed/annotations.json", "has no area")
def box_without_area(root: Path) -> Path:
    return boxed(root, [2, 2, 0, 4])


@fault("boxed/annotations.json", "has no area")
def box_of_negative_height(root: Path) -> Path:
    return boxed(root, [2, 2, 3, -4])


@fault("boxed/annotations.json", "category 9")
def box_of_an_unknown_category(root: Path) -> Path:
    return boxed(root, [2, 2, 3, 4], category=9)


@fault("boxed/annotations.json", 'names "gone.png"')
def box_of_an_image_that_is_gone(root: Path) -> Path:
    return boxed(root, [2, 2, 3, 4], "gone.png")


@fault("boxed/annotations.json", "no valid JSON")
def boxes_cut_off(root: Path) -> Path:
    cut(boxed(root, [2, 2, 3, 4]) / "annotations.json", 0.8)
    return root / "boxed"


@fault("voc/0.xml", "document type")
def xml_bomb(root: Path) -> Path:
    (root / "voc").mkdir()
    Image.fromarray(np.zeros((12, 10), np.uint8)).save(root / "voc/0.png")
    (root / "voc/0.xml").write_text('<!DOCTYPE a [<!ENTITY b "bbbb">]><annotation>&b;</annotation>')
    return root / "voc"


@fault("set.npz", "the mask is 4x8")
def npz_with_masks_of_another_size(root: Path) -> Path:
    np.savez(root / "set.npz", images=np.zeros((2, 8, 8), np.uint8), masks=np.zeros((2, 4, 8), np.uint8))
    return root / "set.npz"


@fault("set.npz", "is outside the image of 8x8")
def npz_with_a_box_outside(root: Path) -> Path:
    boxes = np.array([[[0, 0, 4, 4, 0]], [[0, 0, 4, 12, 0]]], np.float32)
    np.savez(root / "set.npz", images=np.zeros((2, 8, 8), np.uint8), boxes=boxes, classes=np.array(["cat"]))
    return root / "set.npz"


def test_there_are_enough_faults_and_the_good_source_is_good(tmp_path: Path):
    assert len(FAULTS) >= 60
    data = Images(path=str(good(tmp_path / "set")))
    assert data.inspect(data.read()).rows == 10


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_by_name(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    act, file, reason = FAULTS[name]
    root = good(tmp_path / "set")
    path = act(root) or root
    data = Images(path=str(path))
    with pytest.raises(DataError) as caught:
        data.inspect(data.read())
    error = caught.value
    assert error.exit_code == 2
    assert error.code.startswith("DATA-")
    assert file in str(error) and reason in str(error), str(error)
    assert "\n" not in str(error)
    assert capfd.readouterr().err == ""
