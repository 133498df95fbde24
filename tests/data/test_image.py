from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid import forms
from pellucid.data.batch import Batch
from pellucid.data.decode import Header
from pellucid.data.image import Images
from pellucid.data.image_raw import LONGEST_SIDE, ImageRaw, Wanted, choose_shape
from pellucid.data.signature import Signature, from_json
from pellucid.data.source import Data, Loaded, SkipBadRows
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, Stratified, choose_split
from pellucid.errors import DataError, ResourceError, SchemaError
from pellucid.parts import concrete


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


def numbers(batch: Batch) -> list[int]:
    assert batch.row_B is not None
    return batch.row_B.tolist()


def same(a: ImageRaw, b: ImageRaw) -> bool:
    arrays = np.array_equal(a.pixel_NCHW, b.pixel_NCHW) and np.array_equal(a.row_N, b.row_N) and a.names == b.names
    return arrays and np.array_equal(a.code_N, b.code_N) and a.fingerprint == b.fingerprint and a.notes == b.notes


def test_a_folder_gives_classes_names_and_pixels(tmp_path: Path):
    _, raw, signature = read(folder(tmp_path))
    assert raw.classes == ("cat", "dog") and raw.target == ("folder",)
    assert raw.code_N is not None and raw.code_N.tolist() == [0] * 6 + [1] * 6
    assert raw.names[:2] == ("cat/0.png", "cat/1.png")
    assert np.array_equal(raw.pixel_NCHW[7, 0], noise(101))
    assert signature.image == (1, 12, 10) and signature.sizes == ((12, 10, 12),)
    assert signature.target is not None and signature.target.counts == (6, 6)
    assert signature.notes["size"] == "12 images of 12x10: none was resized"
    assert from_json(signature.as_json()) == signature


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_and_the_order_of_creation_change_no_bit(tmp_path: Path, workers: int):
    first = read(folder(tmp_path / "a", sizes=(12, 9, 30)), workers=None)
    other = read(folder(tmp_path / "b", backwards=True, sizes=(12, 9, 30)), workers=workers)
    assert same(first[1], other[1])
    batches = [loaded(*triple).dataset.train for triple in (first, other)]
    assert torch.equal(batches[0].input, batches[1].input)
    assert batches[0].target is not None and torch.equal(batches[0].target, batches[1].target)


def test_the_fingerprint_does_not_know_names_or_order_but_knows_pixels_and_labels(tmp_path: Path):
    _, raw, _ = read(folder(tmp_path / "a"))
    renamed = folder(tmp_path / "b")
    (renamed / "cat/0.png").rename(renamed / "cat/zz.png")
    assert read(renamed)[1].fingerprint == raw.fingerprint
    (renamed / "cat/zz.png").rename(renamed / "dog/zz.png")
    assert read(renamed)[1].fingerprint != raw.fingerprint
    assert read(renamed, size=(6, 6))[1].fingerprint == read(renamed)[1].fingerprint


def test_numbers_in_names_are_sorted_as_numbers(tmp_path: Path):
    for name in ("10", "9", "1"):
        for index in (10, 9):
            write(tmp_path / name / f"{index}.png", noise(int(name) + index))
    _, raw, _ = read(tmp_path)
    assert raw.classes == ("1", "9", "10")
    assert raw.names[:2] == ("1/9.png", "1/10.png")


def test_ready_made_parts_are_kept(tmp_path: Path):
    folder(tmp_path / "train", 5)
    for part, seed in (("val", 500), ("test", 700)):
        for name in ("cat", "dog"):
            write(tmp_path / part / name / "0.png", noise(seed + len(name) + ord(name[0])))
    data, raw, signature = read(tmp_path)
    split, _ = choose_split(signature)
    assert split == ByColumn(column="split")
    result = loaded(data, raw, signature)
    assert result.share == {"train": 10, "valid": 2, "test": 2}
    assert [raw.names[row] for row in numbers(result.dataset.valid)] == ["val/cat/0.png", "val/dog/0.png"]
    assert not any(finding.check == "split-overlap" for finding in result.signature.findings)


def test_an_image_in_two_ready_made_parts_is_a_finding(tmp_path: Path):
    folder(tmp_path / "train", 5)
    folder(tmp_path / "test", 2)
    result = loaded(*read(tmp_path))
    found = next(finding for finding in result.signature.findings if finding.check == "split-overlap")
    assert found.severity == "severe" and found.evidence["shared"] == 4


def test_a_csv_of_paths_with_a_group(tmp_path: Path):
    folder(tmp_path)
    rows = [f"{name}/{index}.png,{name},p{index % 3}" for name in ("cat", "dog") for index in range(6)]
    (tmp_path / "list.csv").write_text("path,label,patient\n" + "\n".join(rows) + "\n")
    split = ByGroup(column="patient", valid=0.3, test=0.3)
    data, raw, signature = read(tmp_path / "list.csv", split=split)
    assert raw.target == ("label",) and raw.columns["patient"][:3] == ("p0", "p1", "p2")
    dataset = loaded(data, raw, signature).dataset
    where = {part: {raw.columns["patient"][row] for row in numbers(dataset.part(part))} for part in ("train", "test")}
    assert where["train"] and not where["train"] & where["test"]


def test_a_csv_with_numbers_is_a_target_of_values(tmp_path: Path):
    folder(tmp_path)
    rows = [f"{name}/{index}.png,{index + 0.5},{len(name)}{index}" for name in ("cat", "dog") for index in range(6)]
    (tmp_path / "list.csv").write_text("file,x,y\n" + "\n".join(rows) + "\n")
    data, raw, signature = read(tmp_path / "list.csv", target=["x", "y"])
    assert signature.target is not None and signature.target.kind == "values" and signature.target.names == ("x", "y")
    result = loaded(data, raw, signature)
    target, scale = result.dataset.train.target, result.dataset.scale
    assert target is not None and scale is not None and target.dtype == torch.float32
    assert torch.allclose(target.mean(0), torch.zeros(2), atol=1e-5)
    assert raw.value_ND is not None and result.dataset.train.row_B is not None
    given = torch.from_numpy(raw.value_ND[result.dataset.train.row_B.numpy()]).float()
    assert torch.allclose(target * scale.scale_D + scale.mean_D, given, atol=1e-4)


def test_images_without_labels_have_no_target(tmp_path: Path):
    for index in range(4):
        write(tmp_path / f"{index}.png", noise(index))
    _, raw, signature = read(tmp_path)
    assert signature.target is None and raw.code_N is None and raw.rows == 4


def test_arrays_in_memory():
    images = np.stack([noise(index) for index in range(20)])
    raw = Images().from_arrays(images, [index % 2 for index in range(20)])
    assert raw.classes == ("0", "1") and np.array_equal(raw.pixel_NCHW[:, 0], images)
    again = Images().read_rows((images / 255.0, ["0", "1"] * 10))
    assert same(raw, again)
    colour = np.stack([noise(index, channels=3) for index in range(4)])
    assert Images().from_arrays(colour).pixel_NCHW.shape == (4, 3, 12, 10)
    assert np.array_equal(
        Images().from_arrays(colour.transpose(0, 3, 1, 2)).pixel_NCHW, Images().from_arrays(colour).pixel_NCHW
    )
    mixed = Images().read_rows({"images": [noise(1), noise(2, 20, 20), noise(3)], "labels": ["a", "b", "a"]})
    assert mixed.pixel_NCHW.shape == (3, 1, 12, 10)


@pytest.mark.parametrize(
    "images",
    [np.zeros((3, 4, 4), complex), np.full((3, 4, 4), 300), np.full((3, 4, 4), -1.0), np.full((3, 4, 4), 2.5)],
)
def test_arrays_that_are_no_images(images: np.ndarray):
    with pytest.raises(DataError) as caught:
        Images().from_arrays(images, [0, 1, 0])
    assert caught.value.code == "DATA-ARRAY"


def test_labels_must_be_as_many():
    with pytest.raises(DataError, match="3 images and 2 labels"):
        Images().from_arrays(np.zeros((3, 4, 4), np.uint8), [0, 1])


def test_the_split_keeps_equal_images_together():
    images = np.stack([noise(index % 30) for index in range(90)])
    data = Images(split=Stratified(valid=0.2, test=0.2))
    raw = data.from_arrays(images, [index % 30 % 2 for index in range(90)])
    dataset = loaded(data, raw, data.inspect(raw)).dataset
    hashes = [set(raw.row_N[dataset.part(part).row_B].tolist()) for part in ("train", "valid", "test")]
    assert sum(map(len, hashes)) == 30 and not hashes[0] & hashes[1] and not hashes[0] & hashes[2]


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
    assert signature.notes["converted"] == "2 images: 16 bits to 8"


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


def test_a_grey_mode_and_a_colour_mode_can_be_asked_for(tmp_path: Path):
    folder(tmp_path)
    write(tmp_path / "cat/colour.png", noise(9, channels=3))
    assert read(tmp_path)[1].pixel_NCHW.shape[1] == 3
    _, raw, signature = read(tmp_path, mode="grey")
    assert raw.pixel_NCHW.shape[1] == 1 and signature.notes["converted"] == "1 images: colour to grey"


SHAPES = [
    (Counter({(28, 28): 5}), None, (28, 28)),
    (Counter({(28, 28): 3, (30, 20): 2}), None, (28, 28)),
    (Counter({(20, 30): 2, (24, 32): 2, (28, 40): 1}), None, (24, 32)),
    (Counter({(480, 640): 9}), None, (48, 64)),
    (Counter({(480, 640): 9}), (28, 28), (28, 28)),
    (Counter({(1, 1000): 9}), None, (1, 64)),
]


@pytest.mark.parametrize(("found", "size", "expected"), SHAPES)
def test_the_planned_size(found: Counter[tuple[int, int]], size: tuple[int, int] | None, expected: tuple[int, int]):
    heads = [Header(height, width, True) for height, width in found.elements()]
    channels, height, width, why = choose_shape(heads, Wanted(size))
    assert (channels, height, width) == (1, *expected)
    assert max(height, width) <= LONGEST_SIDE and why


def test_what_does_not_fit_in_memory_is_refused_before_decoding():
    images = [np.zeros((1, 1), np.uint8)] * 6000
    with pytest.raises(ResourceError, match="6,000 images of 1024x1024"):
        Images(size=(1024, 1024)).from_arrays(images, [0, 1] * 3000)


def test_bad_images_are_left_out_when_asked_and_said(tmp_path: Path):
    folder(tmp_path, 10)
    (tmp_path / "cat/3.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3\.png: is empty"):
        read(tmp_path)
    _, raw, signature = read(tmp_path, on_bad_row=SkipBadRows(skip=0.1))
    assert raw.rows == 19 and "cat/3.png" not in raw.names
    found = next(finding for finding in signature.findings if finding.check == "bad-rows")
    assert found.evidence["skipped"] == 1 and "3.png" in found.message
    (tmp_path / "cat/4.png").write_bytes(b"")
    (tmp_path / "cat/5.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3\.png.*2 more like it"):
        read(tmp_path, on_bad_row=SkipBadRows(skip=0.1))


def test_files_that_are_no_images_are_counted(tmp_path: Path):
    folder(tmp_path)
    (tmp_path / "cat/notes.txt").write_text("hello")
    (tmp_path / ".hidden").mkdir()
    _, raw, signature = read(tmp_path)
    assert raw.rows == 12 and "1 files" in signature.notes["files left out"]


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


def test_new_images_are_brought_to_the_size_and_mode_of_training(tmp_path: Path):
    data, raw, signature = read("digits")
    new = [noise(1, 30, 40, 3), noise(2, 8, 8), Image.fromarray(noise(3, 16, 16, 3))]
    got = data.read_new(new, signature)
    assert got.pixel_NCHW.shape == (3, 1, 8, 8) and got.code_N is None
    assert np.array_equal(got.pixel_NCHW[1, 0], new[1])
    assert [finding.check for finding in got.findings] == ["image-converted"]
    assert "2 images: colour to grey" in got.findings[0].message
    path = write(tmp_path / "one.png", noise(2, 8, 8))
    for source in (str(path), path, [path], noise(2, 8, 8), Image.fromarray(noise(2, 8, 8)), noise(2, 8, 8)[None]):
        assert np.array_equal(data.read_new(source, signature).pixel_NCHW, got.pixel_NCHW[1:2])
    assert np.array_equal(data.read_new("digits", signature).pixel_NCHW, raw.pixel_NCHW)


def test_prediction_reads_folders_of_any_layout(tmp_path: Path):
    data, _, signature = read(folder(tmp_path / "set"))
    one = data.read_new(str(tmp_path / "set/dog"), signature)
    assert one.rows == 6 and one.code_N is None
    both = data.read_new(str(tmp_path / "set"), signature, labelled=True)
    assert both.code_N is not None and both.code_N.tolist() == [0] * 6 + [1] * 6
    (tmp_path / "set/cat").rename(tmp_path / "set/lion")
    strange = data.read_new(str(tmp_path / "set"), signature)
    assert strange.code_N is None and [finding.check for finding in strange.findings] == ["unknown-label"]
    with pytest.raises(SchemaError, match='"lion"'):
        data.read_new(str(tmp_path / "set"), signature, labelled=True)
    np.savez(tmp_path / "new.npz", images=np.stack([noise(1), noise(2)]))
    assert data.read_new(str(tmp_path / "new.npz"), signature).rows == 2


def test_a_broken_new_image_is_refused_by_name(tmp_path: Path):
    data, _, signature = read("digits")
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(SchemaError, match=r"bad\.png: is no PNG image") as caught:
        data.read_new([tmp_path / "bad.png"], signature)
    assert caught.value.exit_code == 2
    with pytest.raises(SchemaError, match="does not exist"):
        data.read_new(str(tmp_path / "none"), signature)
    with pytest.raises(SchemaError, match="no labels"):
        data.read_new(noise(1), signature, labelled=True)


def test_labelled_arrays_are_read_for_evaluation():
    data, raw, signature = read("digits")
    images, labels = raw.pixel_NCHW[:5, 0], [int(code) for code in (raw.code_N if raw.code_N is not None else [])[:5]]
    got = data.read_new((images, labels), signature, labelled=True)
    assert got.code_N is not None and got.code_N.tolist() == labels
    again = data.read_new({"images": images, "labels": labels}, signature, labelled=True)
    assert again.code_N is not None and again.code_N.tolist() == labels


def test_a_table_is_no_image_set_and_files_are_no_split(tmp_path: Path):
    with pytest.raises(DataError, match='"iris" is a table'):
        read("iris")
    with pytest.raises(DataError, match="no path"):
        Images().read()
    with pytest.raises(DataError, match="target is the name of the folder"):
        read(folder(tmp_path), target="colour")
    data, raw, signature = read(tmp_path)
    with pytest.raises(DataError, match="folders") as caught:
        data.load(raw, signature, ByFiles(), 0)
    assert caught.value.hint is not None


def test_reading_a_recipe_imports_nothing_heavy():
    code = (
        "import sys; from pellucid.data.source import Data; from pellucid.parts import concrete; "
        "concrete(Data, {'kind': 'images', 'path': 'digits', 'augment': ['flip', {'kind': 'mixup', 'alpha': 0.3}]}); "
        "print(sorted({'numpy', 'torch', 'PIL'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_part_is_found_by_its_path(tmp_path: Path):
    assert concrete(Data, str(folder(tmp_path))).dump()["kind"] == "images"
