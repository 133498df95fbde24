from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.batch import Batch
from pellucid.data.image import Images
from pellucid.data.image_files import from_csv, from_folder, natural
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Signature
from pellucid.errors import DataError


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


def numbers(batch: Batch) -> list[int]:
    assert batch.row_B is not None
    return batch.row_B.tolist()


def test_numbers_in_names_are_sorted_as_numbers(tmp_path: Path):
    for name in ("10", "9", "1"):
        for index in (10, 9):
            write(tmp_path / name / f"{index}.png", noise(int(name) + index))
    _, raw, _ = read(tmp_path)
    assert raw.classes == ("1", "9", "10")
    assert raw.names[:2] == ("1/9.png", "1/10.png")


def test_files_that_are_no_images_are_counted(tmp_path: Path):
    folder(tmp_path)
    (tmp_path / "cat/notes.txt").write_text("hello")
    (tmp_path / ".hidden").mkdir()
    _, raw, signature = read(tmp_path)
    assert raw.rows == 12 and "1 files" in signature.notes["files left out"]


def test_images_without_labels_have_no_target(tmp_path: Path):
    for index in range(4):
        write(tmp_path / f"{index}.png", noise(index))
    _, raw, signature = read(tmp_path)
    assert signature.target is None and raw.code_N is None and raw.rows == 4


def test_natural_order():
    names = ["b10", "a", "b9", "B1", "10", "9", "\u0664"]
    assert sorted(names, key=natural) == ["9", "10", "a", "B1", "b9", "b10", "\u0664"]


def test_the_columns_of_a_csv(tmp_path: Path):
    folder(tmp_path, 1)
    file = tmp_path / "list.csv"
    file.write_bytes("\ufefffilename,what\r\ncat/0.png,cat\r\n\r\ndog/0.png, dog \r\n".encode())
    listing = from_csv(file, ())
    assert listing.target == ("what",) and [item.labels for item in listing.items] == [("cat",), ("dog",)]
    file.write_text("path,a,b\ncat/0.png,1,2\n")
    with pytest.raises(DataError, match="which column is to be predicted"):
        from_csv(file, ())
    assert from_csv(file, ("b",)).columns == {"a": ("1",)}
    assert from_csv(file, (), labelled=False).target == ()
    with pytest.raises(DataError, match='no column "c"'):
        from_csv(file, ("c",))


def test_folders_inside_a_class_are_read(tmp_path: Path):
    folder(tmp_path)
    write(tmp_path / "cat/more/1.png", noise(50))
    names = [item.name for item in from_folder(tmp_path).items]
    assert len(names) == 13 and "cat/more/1.png" in names


def test_a_csv_of_masks(tmp_path: Path):
    folder(tmp_path, 2)
    rows = [f"{name}/{index}.png,{name}/{1 - index}.png,{name}" for name in ("cat", "dog") for index in range(2)]
    file = tmp_path / "list.csv"
    file.write_text("path,mask,patient\n" + "\n".join(rows) + "\n")
    listing = from_csv(file, ())
    assert listing.target == ("mask",) and set(listing.columns) == {"patient"}
    assert listing.items[0].mask == tmp_path / "cat/1.png"
    assert from_csv(file, ("patient",)).items[0].mask is None
    assert from_csv(file, ("mask",), labelled=False, masks=False).target == ()
    file.write_text("path,mask\ncat/0.png,yes\ndog/0.png,no\n")
    assert from_csv(file, ()).items[0].labels == ("yes",), "a word is a class, and no file"
