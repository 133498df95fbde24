from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pellucid.artifacts import read_safetensors, tensors_to_bytes
from pellucid.errors import ArtifactError
from pellucid.training.finite import Bad
from pellucid.training.flight import Recorder, keep
from pellucid.training.replay import replay
from pellucid.training.session import Session

Make = Callable[..., Session]


def kept(session: Session, folder: Path) -> Path:
    """The file of the first step of a session, as if its loss had leapt."""
    recorder = Recorder(session, folder)
    batch = next(iter(next(iter(session.phases())).batches.batches(0, 0)))
    recorder.see("network", batch, 0, 1.5)
    path = keep(recorder, session.state, recorder.moments[0], Bad("leap", ""))
    assert path is not None
    return path


@pytest.mark.parametrize("weights", [False, True])
def test_a_step_is_done_again_from_its_file_alone(make: Make, tmp_path: Path, weights: bool):
    session = make("classes", {"model.dropout": 0.4, "method.batch": 20}, weights=weights)
    path = kept(session, tmp_path)
    first = next(iter(session.phases()))
    batch, draw = next(iter(first.batches.batches(0, 0))), session.state.network.draw
    assert draw is not None
    loss = first.turns[0].loss(session.state.network.train(), batch, draw.at(0, 0)).value_B
    weight = torch.ones(len(loss)) if batch.weight_B is None else batch.weight_B
    done = replay(path)
    assert done.loss == pytest.approx(float((loss.detach() * weight).sum() / weight.sum()), rel=1e-6)
    assert done.bad is None and not done.same, "the loss that was recorded is another"
    assert batch.row_B is not None and done.about["rows"] == batch.row_B.tolist() == done.as_json()["rows"]


def test_what_is_no_recorded_step_is_refused(make: Make, tmp_path: Path):
    path = kept(make(), tmp_path)
    held = read_safetensors(path)
    other = tmp_path / "other.safetensors"
    other.write_bytes(tensors_to_bytes({name: value for name, value in held.items() if name != "about"}))
    with pytest.raises(ArtifactError, match="no recorded step"):
        replay(other)
    other.write_bytes(tensors_to_bytes({**held, "about": torch.tensor(list(b'{"format":"x"}'), dtype=torch.uint8)}))
    with pytest.raises(ArtifactError, match="no recorded step"):
        replay(other)
    other.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtifactError):
        replay(other)
