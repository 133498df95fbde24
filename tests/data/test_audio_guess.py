from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.audio_guess import is_audio
from pellucid.data.source import Data
from pellucid.parts import concrete


def test_folders_with_sounds_are_sound_and_others_are_not(tmp_path: Path):
    for name in ("sounds/yes/1.WAV", "pictures/yes/1.png", "texts/a.txt", "hidden/.x.wav"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sounds" / ".DS_Store").write_bytes(b"x")
    assert is_audio(tmp_path / "sounds") and not is_audio(tmp_path / "pictures")
    assert not is_audio(tmp_path / "texts") and not is_audio(tmp_path / "hidden")
    assert concrete(Data, str(tmp_path / "sounds")).dump()["kind"] == "audio"
    assert concrete(Data, str(tmp_path / "pictures")).dump()["kind"] == "images"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("path,label\na.wav,x\n", True),
        ("label,File\nx,b.OGG\n", True),
        ("path,label\na.png,x\n", False),
        ("song,label\na.wav,x\n", False),
        ("path,label\n", False),
        ("", False),
    ],
)
def test_tables_of_paths(tmp_path: Path, text: str, answer: bool):
    (tmp_path / "list.csv").write_text(text)
    assert is_audio(tmp_path / "list.csv") is answer


def test_arrays_of_waves_and_single_files(tmp_path: Path):
    np.savez(tmp_path / "a.npz", waves=np.zeros((2, 3)), rate=np.array(8))
    np.savez(tmp_path / "b.npz", images=np.zeros((2, 3)))
    (tmp_path / "c.npz").write_bytes(b"no zip")
    assert [is_audio(tmp_path / f"{name}.npz") for name in "abcd"] == [True, False, False, False]
    assert is_audio(Path("x.flac")) and not is_audio(Path("x.txt"))


def test_the_named_sets_are_sound():
    assert concrete(Data, "tones").dump()["kind"] == "audio"
    assert concrete(Data, {"path": "somewhere", "mels": 20}).dump()["kind"] == "audio"
