"""The finished model as a folder: nothing in it is code, every file in it is hashed.

MANIFEST.json            format, versions, id, and the size and SHA-256 of every other file
model.json               architecture by names and numbers; the interval of predicted values
signature.json           columns, categories, classes, image size
vocabulary/input.json    the tokens of texts and what cuts texts into them; target.json: of sentences to write
weights.safetensors      the kept weights
preprocess.safetensors   means, scales and fills, fitted on the training part
recipe.lock.yaml         the whole recipe
report.json              scores
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import pellucid
from pellucid.artifacts import (
    read_manifest,
    read_safetensors,
    tensor_bytes,
    tensors_to_bytes,
    verify_folder,
    write_safetensors,
)
from pellucid.data.batch import Batch
from pellucid.data.signature import Signature, from_json
from pellucid.data.source import Preparation
from pellucid.data.vocabulary import vocabulary
from pellucid.documents import canonical_json, read_file, read_json, write_yaml
from pellucid.errors import ArtifactError, Place
from pellucid.files import commit_folder
from pellucid.forms import Form
from pellucid.forms import from_json as form_from_json
from pellucid.network.assemble import Network, assemble
from pellucid.recipe import Recipe, read_recipe
from pellucid.syntax import LIMITS as SMALL
from pellucid.syntax import Limits
from pellucid.training.evaluate import outputs, truth
from pellucid.training.session import Session

FORMAT = "pellucid-model"
VERSION = (1, 0)
LIMITS = Limits(bytes=1 << 28, nodes=1 << 24)
"""How large a vocabulary may be."""
COVERAGE = 0.9
"""Share of new values that the interval [low, high] should hold."""


@dataclass
class Model:
    """A finished model, ready to predict."""

    recipe: Recipe
    signature: Signature
    network: Network
    preparation: Preparation
    form: Form
    """Of the prepared input."""
    categories: tuple[int, ...]
    """Codes of each categorical column."""
    half_width: tuple[float, ...]
    """Half the width of the interval of each predicted value, in the units of the data; empty for classes, labels."""
    id: str = ""


def weights(model: Model) -> dict[str, torch.Tensor]:
    """The kept weights under their names."""
    return {name: value.detach().cpu() for name, value in model.network.state_dict().items()}


def members(model: Model, comments: dict[str, str]) -> dict[str, bytes]:
    """The files of a model but for its weights, its scores and its manifest."""
    arrays = {name: torch.from_numpy(value) for name, value in model.preparation.arrays().items()}
    signature = model.signature.as_json()
    vocabularies = signature.pop("vocabulary")
    return {
        **{_vocabulary(name): canonical_json(value) for name, value in vocabularies.items()},
        "model.json": canonical_json(
            {
                "form": model.form.as_json(),
                "categories": list(model.categories),
                "half_width": list(model.half_width),
            }
        ),
        "signature.json": canonical_json({**signature, "vocabulary": sorted(vocabularies)}),
        "preprocess.safetensors": tensors_to_bytes(arrays),
        "recipe.lock.yaml": write_yaml(model.recipe.dump(), comments).encode(),
    }


def save(model: Model, folder: Path, scores: dict[str, Any], comments: dict[str, str]) -> Path:
    """Writes the model folder."""
    head = {
        "format": FORMAT,
        "version": list(VERSION),
        "min_reader": list(VERSION),
        "requires": ["core"],
        "writer": pellucid.__version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    own = weights(model)
    files = {
        **members(model, comments),
        "weights.safetensors": lambda file: write_safetensors(file, own),
        "report.json": canonical_json(scores),
    }
    commit_folder(folder.parent, folder.name, files, head, streamed_bytes=tensor_bytes(own))
    return folder


def to_bytes(model: Model) -> dict[str, bytes]:
    """The model as the bytes of its files."""
    return {**members(model, {}), "weights.safetensors": tensors_to_bytes(weights(model))}


def from_bytes(files: dict[str, bytes]) -> Model:
    """The model that `to_bytes` gave.

    Raises: ArtifactError where a file does not hold together.
    """
    with tempfile.TemporaryDirectory() as place:
        for name, data in files.items():
            path = Path(place) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        return _read(Path(place), "")


def load(folder: Path, bind: Any = None) -> Model:
    """The model of a folder; every byte is checked before any of it is used.

    Raises: ArtifactError where a file is damaged, missing, unexpected or from a newer version.
    """
    manifest = read_manifest(folder)
    _check_version(folder, manifest)
    verify_folder(folder)
    return _read(folder, str(manifest["id"]), bind)


def of_session(session: Session) -> Model:
    """The model of a finished session, whose network holds the kept weights."""
    return Model(
        session.recipe,
        session.signature,
        session.state.network,
        session.loaded.preparation,
        session.dataset.form,
        session.dataset.categories,
        half_widths(session),
    )


def half_widths(session: Session) -> tuple[float, ...]:
    """Split-conformal half-widths from the residuals of the validation part (Lei et al. 2018, arXiv:1604.04173)."""
    target, valid = session.signature.target, session.dataset.valid
    if target is None or target.kind != "values" or len(valid) == 0:
        return ()
    error_ND = (predicted_values(session, valid) - truth(valid, session.dataset.scale)).abs()
    rank = min(len(valid), int(-(-COVERAGE * (len(valid) + 1) // 1)))
    return tuple(float(error_ND[:, place].sort().values[rank - 1]) for place in range(error_ND.shape[1]))


def predicted_values(session: Session, batch: Batch) -> torch.Tensor:
    """value_ND of a batch, in the units of the data."""
    task = session.recipe.task
    assert task is not None
    raw = outputs(session.state.network, batch, task, session.recipe.precision)
    value = task.decode(raw, session.signature, session.dataset.scale).value
    assert value is not None
    return value


def _read(folder: Path, name: str, bind: Any = None) -> Model:
    recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
    recipe = recipe if bind is None else bind(recipe)
    try:
        said = _json(folder / "signature.json")
        vocabularies = {name: _json(folder / _vocabulary(name), LIMITS) for name in said.get("vocabulary", ())}
        signature = from_json({**said, "vocabulary": vocabularies})
        architecture = _json(folder / "model.json")
        form = form_from_json(architecture["form"])
        categories, half_width = tuple(architecture["categories"]), tuple(architecture["half_width"])
    except (KeyError, TypeError, AttributeError) as fault:
        message = f"signature.json and model.json do not say what a model is: {type(fault).__name__} {fault}"
        raise ArtifactError("FILE-DAMAGED", message, place=Place(str(folder))) from fault
    assert recipe.model is not None and recipe.task is not None
    if vocabularies and categories != tuple(vocabulary(signature, name).size for name in vocabularies):
        message = "its vocabulary is not the one of its network"
        raise ArtifactError("FILE-MISMATCH", message, place=Place(str(folder)))
    network = assemble(form, categories, signature=signature, family=recipe.model, task=recipe.task, seed=recipe.seed)
    read = read_safetensors(folder / "weights.safetensors", finite=True)
    expected = network.state_dict()
    if read.keys() != expected.keys() or any(read[name].shape != value.shape for name, value in expected.items()):
        raise ArtifactError("FILE-MISMATCH", "its weights are not those of its architecture", place=Place(str(folder)))
    network.load_state_dict(read)
    arrays = {name: value.numpy() for name, value in read_safetensors(folder / "preprocess.safetensors").items()}
    preparation = recipe.data.restore(arrays, signature)
    return Model(recipe, signature, network.eval(), preparation, form, categories, half_width, name)


def _check_version(folder: Path, manifest: dict[str, Any]) -> None:
    place = Place(str(folder / "MANIFEST.json"))
    if manifest.get("format") != FORMAT:
        raise ArtifactError("FILE-FORMAT", "this is no Pellucid model", place=place)
    version = manifest.get("min_reader")
    known = isinstance(version, list) and version in [[VERSION[0], minor] for minor in range(VERSION[1] + 1)]
    if not known:
        message = (
            f"written by Pellucid {manifest.get('writer')}, needs a reader of format {version}; this is {list(VERSION)}"
        )
        raise ArtifactError("VERSION-MODEL", message, place=place, hint="install a newer pellucid")
    needed = manifest.get("requires", [])
    unknown = [str(name) for name in needed if name != "core"] if isinstance(needed, list) else [str(needed)]
    if unknown:
        raise ArtifactError("VERSION-FEATURE", f"needs {', '.join(sorted(unknown))}", place=place)


def _vocabulary(name: str) -> str:
    """The file of a vocabulary.

    Raises: KeyError where a model never has one of this name.
    """
    return {"input": "vocabulary/input.json", "target": "vocabulary/target.json"}[name]


def _json(path: Path, limits: Limits = SMALL) -> dict[str, Any]:
    try:
        value = read_json(path.read_bytes(), str(path), limits=limits)
    except FileNotFoundError:
        raise ArtifactError("FILE-DAMAGED", "is missing", place=Place(str(path))) from None
    if not isinstance(value, dict):
        raise ArtifactError("FILE-DAMAGED", "holds no object", place=Place(str(path)))
    return value
