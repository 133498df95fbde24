from __future__ import annotations

import hashlib
import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from pellucid.artifacts import (
    LARGEST_MANIFEST,
    read_manifest,
    read_safetensors,
    sha256_file,
    tensor_bytes,
    tensors_to_bytes,
    verify_folder,
    write_safetensors,
)
from pellucid.documents import canonical_json
from pellucid.errors import ArtifactError
from pellucid.files import MANIFEST, commit_folder, sealed

TENSORS = {
    "weight": torch.arange(12, dtype=torch.float32).reshape(3, 4).t(),
    "scalar": torch.tensor(0.1, dtype=torch.float64),
    "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "brain": torch.tensor([[1.0], [3.0]], dtype=torch.bfloat16),
    "counts": torch.tensor([-(2**62), 7]),
    "small": torch.tensor([-3], dtype=torch.int32),
    "bytes": torch.tensor([0, 255], dtype=torch.uint8),
    "mask": torch.tensor([True, False, True]),
    "empty": torch.zeros(0, 5),
    'é "quoted"': torch.zeros(1),
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A committed folder with tensors and text."""
    members = {
        "weights.safetensors": lambda file: write_safetensors(file, TENSORS),
        "model.json": canonical_json({"kind": "mlp", "widths": [8, 4]}),
        "empty": b"",
        "words/input.json": b"[]",
    }
    commit_folder(tmp_path, "model", members, {"format": "pellucid-model", "version": [1, 0], "created": "2026-01-01"})
    return tmp_path / "model"


def damaged(folder: Path, words: str = "") -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        verify_folder(folder)
    assert caught.value.code == "FILE-DAMAGED"
    assert words in str(caught.value)
    return caught.value


def test_tensors_read_back_bit_for_bit(tmp_path: Path) -> None:
    data = tensors_to_bytes(TENSORS)
    (tmp_path / "t").write_bytes(data)
    for found in (read_safetensors(tmp_path / "t"), safetensors.torch.load(data)):
        assert found.keys() == TENSORS.keys()
        for name, tensor in TENSORS.items():
            assert found[name].dtype == tensor.dtype
            assert found[name].shape == tensor.shape
            assert torch.equal(found[name], tensor)


@pytest.mark.parametrize("dtype", sorted({tensor.dtype for tensor in TENSORS.values()}, key=str))
def test_the_bytes_are_those_of_the_library(dtype: torch.dtype) -> None:
    tensors = {"b": torch.tensor([1, 0]).to(dtype), "a": torch.tensor([[1], [1]]).to(dtype)}
    ours = tensors_to_bytes(tensors)
    assert ours == safetensors.torch.save(tensors)
    assert len(ours) <= tensor_bytes(tensors) + 8


def test_tensors_outlive_their_file(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(tensors_to_bytes({"a": torch.arange(100_000)}))
    found = read_safetensors(tmp_path / "t")["a"]
    os.truncate(tmp_path / "t", 0)
    assert torch.equal(found, torch.arange(100_000))
    assert read_safetensors_of(tmp_path, {}) == {}


def read_safetensors_of(folder: Path, tensors: dict[str, torch.Tensor], finite: bool = False) -> dict[str, Any]:
    (folder / "t").write_bytes(tensors_to_bytes(tensors))
    return read_safetensors(folder / "t", finite=finite)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused_where_asked(tmp_path: Path, value: float) -> None:
    tensors = {"fine": torch.zeros(3), "bad": torch.tensor([1.0, value], dtype=torch.bfloat16)}
    assert len(read_safetensors_of(tmp_path, tensors)) == 2
    with pytest.raises(ArtifactError, match="bad") as caught:
        read_safetensors_of(tmp_path, tensors, finite=True)
    assert caught.value.code == "FILE-NOT-FINITE"


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.int16),
        torch.zeros(2, device="meta"),
        torch.eye(2).to_sparse(),
    ],
)
def test_tensors_that_are_not_stored(tensor: torch.Tensor) -> None:
    with pytest.raises(ArtifactError, match="odd") as caught:
        tensors_to_bytes({"odd": tensor})
    assert caught.value.code == "FILE-TENSOR"


def hostile(header: object, data: bytes = b"", size: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"PK\x03\x04" + b"\0" * 100,
        b"\x80\x02cos\nsystem\n",
        hostile({}, size=1 << 60),
        hostile({}, size=100_000_000),
        hostile(b"[]"),
        hostile(b"{"),
        hostile(b'{"a": ' + b"[" * 10_000),
        hostile({"a": ENTRY}),
        hostile({"a": {**ENTRY, "shape": [10**18]}}, bytes(8)),
        hostile({"a": {**ENTRY, "shape": [2**63, 2**63]}}, bytes(8)),
        hostile({"a": {**ENTRY, "shape": [-2]}}, bytes(8)),
        hostile({"a": {**ENTRY, "data_offsets": [8, 0]}}, bytes(8)),
        hostile({"a": {**ENTRY, "data_offsets": [0, 80]}}, bytes(8)),
        hostile({"a": {**ENTRY, "dtype": "PICKLE"}}, bytes(8)),
        hostile({"a": ENTRY, "b": ENTRY}, bytes(8)),
        hostile({"a": ENTRY}, bytes(100)),
        hostile({"a": {**ENTRY, "dtype": "I16", "shape": [4]}}, bytes(8)),
        hostile(b'{"a": "x"}'),
    ],
)
def test_hostile_tensor_files(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(ArtifactError) as caught:
        read_safetensors(tmp_path / "t")
    assert caught.value.exit_code == 3
    assert caught.value.place.file == str(tmp_path / "t")


def test_tensor_files_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "pipe"):
        with pytest.raises(ArtifactError):
            read_safetensors(path)
        with pytest.raises(ArtifactError):
            sha256_file(path)


def test_an_intact_folder_verifies(model: Path) -> None:
    manifest = verify_folder(model)
    assert manifest == read_manifest(model)
    assert manifest["format"] == "pellucid-model"
    assert manifest["id"].startswith("sha256:")
    assert sha256_file(model / "model.json") == manifest["files"]["model.json"]["sha256"]
    assert sha256_file(model / "empty") == hashlib.sha256().hexdigest()


def test_every_flipped_bit_is_found(model: Path) -> None:
    draw = random.Random(3)
    originals = {path: path.read_bytes() for path in model.rglob("*") if path.is_file() and path.stat().st_size}
    for trial in range(600):
        path = draw.choice(sorted(originals))
        data = bytearray(originals[path])
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(data)
        assert path.name in str(damaged(model)), trial
        path.write_bytes(originals[path])
    verify_folder(model)


def test_every_truncation_and_addition_is_found(model: Path) -> None:
    draw = random.Random(4)
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        data = path.read_bytes()
        changed = [data + b"\0", data + b"\n", *(data[: draw.randrange(len(data))] for _ in range(60) if data)]
        for other in changed:
            path.write_bytes(other)
            damaged(model, path.name)
        path.write_bytes(data)
    verify_folder(model)


def swap(model: Path) -> None:
    one, other = model / "model.json", model / "weights.safetensors"
    one.rename(model / "x")
    other.rename(one)
    (model / "x").rename(other)


def move_away(model: Path) -> None:
    """A link to a folder with the same files stands in its place."""
    (model / "words").rename(model.parent / "words")
    (model / "words").symlink_to(model.parent / "words")


def reseal(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """A manifest that its author changed and signed again."""

    def act(model: Path) -> None:
        manifest = json.loads((model / MANIFEST).read_bytes())
        change(manifest)
        (model / MANIFEST).write_bytes(canonical_json(sealed(manifest)))

    return act


FACTS = {"bytes": 0, "sha256": hashlib.sha256().hexdigest()}


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda model: (model / "empty").unlink(), "empty: is missing"),
        (lambda model: (model / MANIFEST).unlink(), "MANIFEST.json: is missing"),
        (lambda model: (model / "extra").touch(), "extra: does not belong"),
        (lambda model: (model / "model.json").rename(model / "model.jsn"), "model.jsn: does not belong"),
        (lambda model: (model / "folder").mkdir(), "folder: does not belong"),
        (swap, "bytes"),
        (lambda model: (model / "empty").unlink() or (model / "empty").symlink_to("/dev/null"), "is a link"),
        (lambda model: (model / "empty").unlink() or (model / "empty").mkdir(), "not a regular file"),
        (lambda model: (model / "empty").unlink() or os.mkfifo(model / "empty"), "not a regular file"),
        (lambda model: os.link(model / "empty", model.parent / "twin"), "hard link"),
        (lambda model: (model / MANIFEST).write_bytes(b" " * (LARGEST_MANIFEST + 1)), "larger than"),
        (lambda model: (model / MANIFEST).write_bytes(b"[" * 100_000), "nested"),
        (lambda model: (model / MANIFEST).write_bytes(b'{"files": {}, "files": {}}'), "twice"),
        (lambda model: (model / MANIFEST).write_bytes(b"{}"), "not a manifest"),
        (lambda model: (model / MANIFEST).write_bytes(b"[]"), "not a manifest"),
        (lambda model: (model / MANIFEST).write_bytes((model / MANIFEST).read_bytes() + b"\n"), "id differs"),
        (reseal(lambda manifest: manifest["files"].update({"../evil": FACTS})), "not a file name"),
        (reseal(lambda manifest: manifest["files"].update({"/etc/passwd": FACTS})), "not a file name"),
        (reseal(lambda manifest: manifest["files"].update({"Empty": FACTS})), "not a file name"),
        (reseal(lambda manifest: manifest["files"].update({MANIFEST: FACTS})), "not a file name"),
        (reseal(lambda manifest: manifest["files"].update({"empty": 3})), "no size"),
        (reseal(lambda manifest: manifest["files"]["empty"].update(bytes=-1)), "were written"),
        (reseal(lambda manifest: manifest["files"]["empty"].update(bytes=True)), "no size"),
        (reseal(lambda manifest: manifest["files"]["empty"].update(sha256="0" * 64)), "SHA-256 differs"),
        (reseal(lambda manifest: manifest.update(files=[])), "not a manifest"),
        (reseal(lambda manifest: manifest["files"].update({"words/../empty": FACTS})), "not a file name"),
        (reseal(lambda manifest: manifest["files"].update({"words/": FACTS})), "not a file name"),
        (lambda model: (model / "words" / "input.json").unlink(), "input.json: is missing"),
        (lambda model: (model / "words" / "input.json").write_bytes(b"{}"), "input.json: its content"),
        (lambda model: (model / "words" / "more.json").touch(), "words/more.json: does not belong"),
        (lambda model: (model / "words" / "more").mkdir(), "words/more: does not belong"),
        (move_away, "words: does not belong"),
    ],
)
def test_a_folder_that_is_not_what_was_written(model: Path, act: Callable[[Path], object], words: str) -> None:
    act(model)
    fault = damaged(model, words)
    assert fault.exit_code == 3


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    damaged(tmp_path / "missing", "is missing")
    (tmp_path / "file").touch()
    damaged(tmp_path / "file")
