from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pellucid.artifacts import verify_folder
from pellucid.errors import ArtifactError, TrainingError
from pellucid.training import checkpoint
from pellucid.training.session import Session

Make = Callable[..., Session]


def names(folder: Path) -> list[str]:
    return [path.name for path in checkpoint.committed(folder)]


def test_the_two_newest_and_the_best_stay(make: Make, tmp_path: Path):
    state = make().state
    for step, score in enumerate((3.0, 1.0, 2.0, 2.0, 2.0), 1):
        state.step = step
        if state.best_score is None or score < state.best_score:
            state.keep_best(score)
        checkpoint.commit(tmp_path, state, {"record": step})
    assert names(tmp_path) == ["00000002", "00000004", "00000005"]
    assert json.loads((tmp_path / "best.json").read_text()) == {"step": 2, "metric": "loss", "value": 1.0}
    for path in checkpoint.committed(tmp_path):
        verify_folder(path)
    again = make().state
    assert checkpoint.restore(checkpoint.committed(tmp_path)[-1], again)["record"] == 5
    assert again.best is not None and again.numbers() == state.numbers()
    checkpoint.commit(tmp_path, state, {"record": 5})
    assert names(tmp_path) == ["00000002", "00000004", "00000005"]


@pytest.mark.parametrize("where", ["weight", "optimizer"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_never_committed(where: str, value: float, make: Make, tmp_path: Path):
    state = make("classes", {"optimizer.kind": "adam"}).state
    tensors = dict(state.network.named_parameters()) if where == "weight" else state.tensors()
    name, tensor = next((name, tensor) for name, tensor in tensors.items() if tensor.dim() == 2)
    with torch.no_grad():
        tensor[0, 0] = value
    with pytest.raises(TrainingError, match=f"{name} is not finite") as caught:
        checkpoint.commit(tmp_path, state, {"record": 0})
    assert caught.value.exit_code == 6
    assert not list(tmp_path.iterdir())


def test_a_score_that_is_not_finite_is_no_number_in_the_pointer(make: Make, tmp_path: Path):
    state = make().state
    state.keep_best(float("inf"))
    checkpoint.commit(tmp_path, state, {"record": 0})
    assert json.loads((tmp_path / "best.json").read_text())["value"] is None


def test_weights_of_another_network_are_refused(make: Make, tmp_path: Path):
    path = checkpoint.commit(tmp_path, make().state, {"record": 0})
    with pytest.raises(ArtifactError, match="weights are not those"):
        checkpoint.restore(path, make("classes", {"model.widths": [17]}).state)


def test_damaged_ones_are_passed_over_and_named(make: Make, tmp_path: Path):
    state = make().state
    for step in (1, 2):
        state.step = step
        checkpoint.commit(tmp_path, state, {"record": 0})
    member = tmp_path / "checkpoints" / "00000002" / "model.safetensors"
    member.write_bytes(member.read_bytes()[:-1])
    path, skipped = checkpoint.newest(tmp_path)
    assert path is not None and path.name == "00000001"
    assert len(skipped) == 1 and "00000002" in skipped[0]
    assert checkpoint.newest(tmp_path / "nothing") == (None, [])
