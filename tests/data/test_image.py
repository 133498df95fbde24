from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.data.batch import Batch
from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Signature, from_json
from pellucid.data.source import Data, Loaded
from pellucid.data.splitting import ByColumn, ByFiles, ByGroup, Stratified, choose_split
from pellucid.errors import DataError, SchemaError
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


def test_the_split_keeps_equal_images_together():
    images = np.stack([noise(index % 30) for index in range(90)])
    data = Images(split=Stratified(valid=0.2, test=0.2))
    raw = data.from_arrays(images, [index % 30 % 2 for index in range(90)])
    dataset = loaded(data, raw, data.inspect(raw)).dataset
    hashes = [set(raw.row_N[dataset.part(part).row_B].tolist()) for part in ("train", "valid", "test")]
    assert sum(map(len, hashes)) == 30 and not hashes[0] & hashes[1] and not hashes[0] & hashes[2]


def test_a_grey_mode_and_a_colour_mode_can_be_asked_for(tmp_path: Path):
    folder(tmp_path)
    write(tmp_path / "cat/colour.png", noise(9, channels=3))
    assert read(tmp_path)[1].pixel_NCHW.shape[1] == 3
    _, raw, signature = read(tmp_path, mode="grey")
    assert raw.pixel_NCHW.shape[1] == 1 and signature.notes["converted"] == "1 images: colour to grey"


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
    with pytest.raises(DataError, match="no split by files") as caught:
        data.load(raw, signature, ByFiles(), 0)
    assert caught.value.hint is not None and "folders" in caught.value.hint


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
