"""Sound as a person meets it: words told apart by what is heard. Text to speech is not offered."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data import packaged
from pellucid.data.source import Data
from pellucid.errors import RecipeError
from pellucid.forms import Steps
from pellucid.jobs import Run
from pellucid.parts import concrete
from pellucid.seeds import Draw

Train = Callable[..., Run]
Tell = Callable[..., Any]


def spoken(each: int) -> dict[str, Any]:
    """The first recordings of every word of `tones`."""
    known = packaged.arrays("tones")
    rows = np.flatnonzero(np.arange(len(known["codes"])) % 120 < each)
    waves = [known["waves"][row, : known["lengths"][row]] for row in rows]
    return {
        "waves": waves,
        "rate": int(known["rate"]),
        "labels": [str(known["classes"][known["codes"][row]]) for row in rows],
    }


def write(path: Path, wave_T: np.ndarray, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(wave_T.astype("<i2").tobytes())


@pytest.mark.row("H11")
def test_spoken_words_of_two_tones_are_told_apart_also_in_files(train: Train, tmp_path: Path, tell: Tell):
    """Speech to text of single words; the other way, text to speech, is not offered."""
    learning = {"method": {"epochs": 4}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}
    run = train("tones", model={"kind": "gru", "width": 32}, **learning)
    print(run.metrics["test"])
    assert run.metrics["test"]["accuracy"] >= 0.9
    rows = spoken(2)
    for number, wave_T in enumerate(rows["waves"]):
        write(tmp_path / "new" / f"{number:03d}.wav", wave_T, rows["rate"])
    told = run.predict(str(tmp_path / "new"))
    right = [said == label for said, label in zip(told["prediction"], rows["labels"], strict=True)]
    assert len(right) == 20 and np.mean(right) >= 0.9


def folder(root: Path, each: int) -> Path:
    """A folder of recordings for each word."""
    rows = spoken(each)
    for number, (wave_T, label) in enumerate(zip(rows["waves"], rows["labels"], strict=True)):
        write(root / label / f"{number:03d}.wav", wave_T, rows["rate"])
    return root


@pytest.mark.row("F6")
def test_sound_is_recognised_and_can_be_overruled(tmp_path: Path, tell: Tell):
    root = folder(tmp_path / "words", 6)
    told = tell("inspect", root)
    assert told["kind"] == "audio" and told["rate"] == 8000
    assert told["target"]["kind"] == "classes" and len(told["target"]["classes"]) == 10 and told["target"]["why"]
    data = concrete(Data, {"path": str(root), "rate": 4000, "mels": 20})
    assert data.dump()["kind"] == "audio"
    signature = data.inspect(data.read())
    assert signature.rate == 4000 and signature.clock is not None and len(signature.clock.channels) == 20
    assert concrete(Data, {"kind": "images", "path": str(root)}).dump()["kind"] == "images"


@pytest.mark.row("D11")
def test_augmented_sound_is_learnt_from_can_be_previewed_and_is_refused_elsewhere(train: Train):
    rows, bands = spoken(24), {"kind": "mask_bands", "frequency": 0.15, "time": 0.15}
    data = {"kind": "audio", "augment": [bands, "jitter"]}
    learning = {"method": {"epochs": 10, "batch": 16}, "optimizer": {"kind": "adam", "learning_rate": 0.02}}
    run = train(data, rows, model={"kind": "gru", "width": 32, "bidirectional": True}, **learning)
    print(run.metrics["test"])
    assert run.metrics["test"]["accuracy"] >= 0.8

    raw = run.recipe.data.read_rows(rows)
    assert run.recipe.data.split is not None
    dataset = run.recipe.data.load(raw, run.recipe.data.inspect(raw), run.recipe.data.split, 0).dataset
    batch, previews = dataset.train.part(0, 16), []
    for position in (0, 1, 0):
        changed = dataset.augment[0].apply(batch, Draw(0, "augment").at(0, position), None)
        assert isinstance(changed.input, Steps) and changed.target is batch.target
        previews.append(changed.input.x_BTD)
    assert isinstance(batch.input, Steps)
    assert torch.equal(previews[0], previews[2]) and not torch.equal(previews[0], previews[1])
    hidden_BTD = previews[0] != batch.input.x_BTD
    assert (previews[0][hidden_BTD] == 0).all() and 0.05 < float(hidden_BTD.float().mean()) < 0.5
    with pytest.raises(RecipeError, match="mask_bands does not go with future"):
        train({"path": "airline", "augment": [bands]}, model="gru")
