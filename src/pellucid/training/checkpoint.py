"""Checkpoints: a committed folder that holds everything the future of a run depends on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pellucid.artifacts import read_safetensors, tensor_bytes, verify_folder, write_safetensors
from pellucid.documents import canonical_json, read_json
from pellucid.errors import ArtifactError, Place
from pellucid.files import commit_folder, remove_folder, write_atomic
from pellucid.record import defined
from pellucid.training.finite import all_finite, kept_not_finite
from pellucid.training.state import State

KEPT = 2
"""Newest checkpoints that stay, beside the one with the best weights."""


def commit(folder: Path, state: State, extra: dict[str, Any]) -> Path:
    """Writes `checkpoints/<step>` and then removes what is no longer needed.

    Raises: TrainingError where a weight is not finite: such a state is never committed. ResourceError on a full disk.
    """
    weights = {name: value.detach() for name, value in state.network.state_dict().items()}
    bad = all_finite(weights) or all_finite(state.tensors())
    if bad is not None:
        raise kept_not_finite(state.step, bad)
    # with averaging the best weights are averages, which the weights of the same step are not
    same = state.best_step == state.step and state.average is None
    best = None if same else state.best
    members = {
        "model.safetensors": lambda file: write_safetensors(file, weights),
        "optimizer.safetensors": lambda file: write_safetensors(file, state.tensors()),
        "state.json": canonical_json({**state.numbers(), **extra, "best_is_model": same and state.best is not None}),
    }
    if best is not None:
        members["best.safetensors"] = lambda file, kept=best: write_safetensors(file, kept)
    parent = folder / "checkpoints"
    name = f"{state.step:08d}"
    if (parent / name).exists():
        return parent / name
    parent.mkdir(exist_ok=True)
    size = tensor_bytes(weights) + tensor_bytes(state.tensors()) + tensor_bytes(best or {})
    commit_folder(parent, name, members, streamed_bytes=size)
    tidy(folder, state)
    return parent / name


def tidy(folder: Path, state: State) -> None:
    """Points `best.json` at the best step, then removes the checkpoints that are no longer needed."""
    pointer = {"step": state.best_step, "metric": state.recipe.stop.metric, "value": defined(state.best_score)}
    write_atomic(folder / "best.json", json.dumps(pointer).encode() + b"\n", durable=False)
    for old in committed(folder)[:-KEPT]:
        if int(old.name) != state.best_step:
            remove_folder(old)


def committed(folder: Path) -> list[Path]:
    """The committed checkpoints of a run, oldest first."""
    parent = folder / "checkpoints"
    found = [path for path in parent.iterdir() if path.name.isdigit()] if parent.is_dir() else []
    return sorted(found, key=lambda path: int(path.name))


def newest(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest checkpoint that is intact, and a sentence for each damaged one that was passed over."""
    skipped: list[str] = []
    for path in reversed(committed(folder)):
        try:
            verify_folder(path)
        except ArtifactError as fault:
            skipped.append(str(fault))
            continue
        return path, skipped
    return None, skipped


def restore(path: Path, state: State) -> dict[str, Any]:
    """Puts a verified checkpoint into `state`, whose players have begun; returns the extra numbers.

    Raises: ArtifactError where its tensors are not those of this network.
    """
    weights = read_safetensors(path / "model.safetensors")
    expected = state.network.state_dict()
    if weights.keys() != expected.keys() or any(weights[name].shape != value.shape for name, value in expected.items()):
        raise ArtifactError(
            "FILE-MISMATCH", "its weights are not those of this recipe's network", place=Place(str(path))
        )
    state.network.load_state_dict(weights)
    numbers = read_json((path / "state.json").read_bytes(), str(path / "state.json"))
    assert isinstance(numbers, dict)
    state.set_tensors(read_safetensors(path / "optimizer.safetensors"))
    state.set_numbers(numbers)
    if numbers["best_is_model"]:
        state.best = {name: value.clone() for name, value in weights.items()}
    elif (path / "best.safetensors").exists():
        state.best = read_safetensors(path / "best.safetensors")
    return numbers
