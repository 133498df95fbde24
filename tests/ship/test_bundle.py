from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import torch

from pellucid.artifacts import read_safetensors, tensors_to_bytes
from pellucid.documents import canonical_json
from pellucid.errors import ArtifactError
from pellucid.files import MANIFEST, commit_folder
from pellucid.jobs import Run
from pellucid.ship import bundle

Trained = Callable[..., Run]
MEMBERS = (
    "MANIFEST.json",
    "model.json",
    "preprocess.safetensors",
    "recipe.lock.yaml",
    "report.json",
    "signature.json",
    "weights.safetensors",
)


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    """A copy of a model with categories and missing cells."""
    run = trained("penguins").folder
    assert run is not None
    return Path(copytree(run / "model", tmp_path / "model"))


def rebuilt(folder: Path, manifest: dict[str, object] | None = None, **members: bytes) -> Path:
    """The model again under a manifest of its own: what an author, not damage, can do."""
    old = json.loads((folder / MANIFEST).read_bytes())
    head = {name: value for name, value in old.items() if name not in ("files", "id")} | (manifest or {})
    names = {name.replace(".", "_"): name for name in old["files"]}
    files = {name: (folder / name).read_bytes() for name in old["files"]}
    files |= {names.get(name, name): data for name, data in members.items()}
    commit_folder(folder.parent, "rebuilt", files, head)
    return folder.parent / "rebuilt"


def test_a_model_is_these_files(folder: Path):
    assert tuple(sorted(path.name for path in folder.iterdir())) == MEMBERS
    assert json.loads((folder / "report.json").read_bytes())["metrics"].keys() == {"train", "valid", "test"}


@pytest.mark.parametrize("source", ["penguins", "diabetes", "digits"])
def test_a_model_that_was_saved_predicts_the_same(source: str, trained: Trained, tmp_path: Path):
    settings = {"model": {"kind": "cnn", "channels": [4], "hidden": [8]}} if source == "digits" else {}
    run = trained(source, {**settings, "method.epochs": 1})
    assert run.folder is not None
    model = bundle.load(run.folder / "model")
    assert model.id.startswith("sha256:") and not model.network.training
    assert model.half_width == run.model.half_width and bool(model.half_width) == (source == "diabetes")
    assert model.signature == run.model.signature
    weights = zip(model.network.state_dict().items(), run.model.network.state_dict().values(), strict=True)
    assert all(torch.equal(one, two) for (_, one), two in weights)
    again = bundle.from_bytes(bundle.to_bytes(model))
    assert bundle.to_bytes(again) == bundle.to_bytes(model) == bundle.to_bytes(run.model)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_flipped_byte_is_found(name: str, folder: Path):
    path = folder / name
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError) as caught:
            bundle.load(folder)
        assert caught.value.exit_code == 3
    for short in (whole[:-1], b"", whole + b"\n"):
        path.write_bytes(short)
        with pytest.raises(ArtifactError):
            bundle.load(folder)
    path.unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        bundle.load(folder)


def test_what_does_not_belong_is_refused(folder: Path):
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="does not belong here"):
        bundle.load(folder)
    (folder / "notes.txt").unlink()
    bundle.load(folder)
    os.link(folder / "model.json", folder.parent / "other")
    with pytest.raises(ArtifactError, match="hard link"):
        bundle.load(folder)


@pytest.mark.parametrize(
    "change, code",
    [
        ({"min_reader": [2, 0], "version": [2, 0], "writer": "7.0.0"}, "VERSION-MODEL"),
        ({"min_reader": [1, 1]}, "VERSION-MODEL"),
        ({"min_reader": ["1", None]}, "VERSION-MODEL"),
        ({"min_reader": None}, "VERSION-MODEL"),
        ({"requires": ["core", "graphs"]}, "VERSION-FEATURE"),
        ({"requires": "graphs"}, "VERSION-FEATURE"),
        ({"format": "other"}, "FILE-FORMAT"),
    ],
)
def test_a_newer_or_other_format_is_refused(change: dict[str, object], code: str, folder: Path):
    with pytest.raises(ArtifactError) as caught:
        bundle.load(rebuilt(folder, change))
    assert (caught.value.code, caught.value.exit_code) == (code, 3)
    if "writer" in change:
        assert "7.0.0" in str(caught.value)


def test_what_a_later_minor_version_adds_is_passed_by(folder: Path):
    assert bundle.load(rebuilt(folder, {"version": [1, 7], "colour": "green"})).id


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value: float, folder: Path):
    weights = read_safetensors(folder / "weights.safetensors")
    name = next(name for name, tensor in weights.items() if tensor.dim() == 2)
    weights[name][0, 0] = value
    with pytest.raises(ArtifactError, match=name) as caught:
        bundle.load(rebuilt(folder, weights_safetensors=tensors_to_bytes(weights)))
    assert caught.value.code == "FILE-NOT-FINITE"


def test_weights_of_another_architecture_are_refused(folder: Path):
    weights = read_safetensors(folder / "weights.safetensors")
    for changed in ({**weights, "more": torch.zeros(1)}, {name: value[:1] for name, value in weights.items()}):
        with pytest.raises(ArtifactError, match="not those of its architecture"):
            bundle.load(rebuilt(folder, weights_safetensors=tensors_to_bytes(changed)))
        for path in (folder.parent / "rebuilt").iterdir():
            path.unlink()
        (folder.parent / "rebuilt").rmdir()


@pytest.mark.parametrize("name", ["model_json", "signature_json"])
@pytest.mark.parametrize("value", [{}, [], {"form": 3}, {"form": {"kind": "vector"}}, None])
def test_files_that_say_no_model_are_refused(name: str, value: object, folder: Path):
    with pytest.raises(ArtifactError) as caught:
        bundle.load(rebuilt(folder, **{name: canonical_json(value)}))
    assert caught.value.exit_code == 3


@pytest.fixture
def words(translation: Run, tmp_path: Path) -> Path:
    """A copy of a model with two vocabularies."""
    assert translation.folder is not None
    return Path(copytree(translation.folder / "model", tmp_path / "model"))


def test_vocabularies_are_files_of_their_own_and_come_back(words: Path, translation: Run):
    assert sorted(path.name for path in (words / "vocabulary").iterdir()) == ["input.json", "target.json"]
    assert json.loads((words / "signature.json").read_bytes())["vocabulary"] == ["input", "target"]
    known = translation.model.signature.vocabulary
    assert json.loads((words / "vocabulary" / "input.json").read_bytes()) == known["input"]
    assert {"vocabulary/input.json", "vocabulary/target.json"} <= json.loads((words / MANIFEST).read_bytes())[
        "files"
    ].keys()
    model = bundle.load(words)
    assert model.signature == translation.model.signature and model.signature.vocabulary == known
    again = bundle.from_bytes(bundle.to_bytes(model))
    assert again.signature.vocabulary == known and bundle.to_bytes(again) == bundle.to_bytes(model)


@pytest.mark.parametrize("name", ["input.json", "target.json"])
def test_a_damaged_vocabulary_is_found(name: str, words: Path):
    path = words / "vocabulary" / name
    whole = path.read_bytes()
    for data in (whole[:-1], whole + b" ", whole.replace(b"a", b"e", 1), b""):
        path.write_bytes(data)
        with pytest.raises(ArtifactError, match=name):
            bundle.load(words)
    path.unlink()
    with pytest.raises(ArtifactError, match="is missing") as caught:
        bundle.load(words)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("signature.json", {"vocabulary": ["input", "../../secret"]}),
        ("signature.json", {"vocabulary": ["input", "more"]}),
        ("signature.json", {"vocabulary": ["input"]}),
        ("signature.json", {"vocabulary": 3}),
        ("signature.json", {"vocabulary": [["input"], "target"]}),
        ("vocabulary/input.json", {"kind": "magic"}),
        ("vocabulary/input.json", {"kind": "word", "lower": True, "words": ["one"]}),
        ("vocabulary/input.json", {"kind": "word", "words": 3}),
    ],
)
def test_a_vocabulary_of_another_model_is_refused(member: str, value: dict[str, object], words: Path):
    before = json.loads((words / member).read_bytes())
    changed = {**before, **value} if member == "signature.json" else value
    with pytest.raises(ArtifactError) as caught:
        bundle.load(rebuilt(words, **{member: canonical_json(changed)}))
    assert caught.value.exit_code == 3


def test_a_vocabulary_that_is_not_there_is_refused(words: Path):
    files = bundle.to_bytes(bundle.load(words))
    del files["vocabulary/target.json"]
    with pytest.raises(ArtifactError, match=r"target.json: is missing"):
        bundle.from_bytes(files)
