from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.audio_decode import Head, decode, floats, mono, read_head
from pellucid.errors import DataError, Place

HERE = Place("here.wav")


def soundfile():
    return pytest.importorskip("soundfile", reason="needs the package soundfile")


def hum(samples: int = 800, rate: int = 8000) -> np.ndarray:
    """wave_T of a tone."""
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(samples) / rate)


def write_pcm(file: Path, wave_TC: np.ndarray, rate: int = 8000, width: int = 2) -> Path:
    """A plain PCM .wav file."""
    whole = np.rint(wave_TC * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    data = (whole + 128).astype(np.uint8) if width == 1 else whole.astype("<i8")
    raw = data.tobytes() if width == 1 else data.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(file), "wb") as out:
        out.setparams((1 if wave_TC.ndim == 1 else wave_TC.shape[1], width, rate, len(wave_TC), "NONE", ""))
        out.writeframes(raw)
    return file


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_plain_files_of_every_width_are_read(tmp_path: Path, width: int):
    stereo_TC = np.stack([hum(), 0.5 * hum()], axis=1)
    file = write_pcm(tmp_path / "a.wav", stereo_TC, width=width)
    assert read_head(file) == Head(8000, 2, 800)
    made = decode(file, read_head(file))
    assert made.dtype == np.float32 and np.abs(made - stereo_TC).max() < 2.0 ** (2 - 8 * min(width, 3))


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_standard_library_and_soundfile_read_the_same(tmp_path: Path, width: int):
    file = write_pcm(tmp_path / "a.wav", hum(), width=width)
    other, rate = soundfile().read(str(file), dtype="float32", always_2d=True)
    assert rate == 8000 and np.array_equal(decode(file, read_head(file)), other)


@pytest.mark.parametrize(("name", "subtype"), [("a.flac", None), ("a.ogg", None), ("a.mp3", None), ("a.wav", "FLOAT")])
def test_other_formats_are_read_by_soundfile(tmp_path: Path, name: str, subtype: str | None):
    soundfile().write(str(tmp_path / name), hum(8000), 8000, subtype=subtype)
    made = decode(tmp_path / name, read_head(tmp_path / name))
    assert read_head(tmp_path / name).rate == 8000 and made.shape[1] == 1
    assert np.corrcoef(made[2000:6000, 0], hum(8000)[2000:6000])[0, 1] > 0.9 or name == "a.mp3"


def test_without_soundfile_plain_files_are_read_and_others_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    soundfile().write(str(tmp_path / "a.flac"), hum(), 8000)
    write_pcm(tmp_path / "a.wav", hum())
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert decode(tmp_path / "a.wav", read_head(tmp_path / "a.wav")).shape == (800, 1)
    with pytest.raises(DataError, match="soundfile") as caught:
        read_head(tmp_path / "a.flac")
    assert caught.value.hint == "pip install pellucid[audio]"


def broken(folder: Path, name: str) -> Path:
    """A file that cannot be used, by what is wrong with it."""
    file = folder / name
    if name == "empty.wav":
        file.write_bytes(b"")
    elif name == "text.wav":
        file.write_text("this is no sound at all, " * 40)
    elif name == "short.wav":
        write_pcm(file, hum())
        file.write_bytes(file.read_bytes()[:-300])
    elif name == "flac.ogg":
        soundfile().write(str(folder / "right.flac"), hum(), 8000)
        (folder / "right.flac").rename(file)
    else:
        soundfile().write(str(file), hum(40_000) + np.random.default_rng(0).normal(size=40_000) / 9, 8000)
        data = file.read_bytes()
        file.write_bytes(data[: len(data) * 2 // 3])
    return file


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("empty.wav", "is empty"),
        ("text.wav", "cannot be read"),
        ("short.wav", "is cut off: it holds 650 of 800 samples"),
        ("flac.ogg", "holds FLAC, which is not what its suffix says"),
        ("cut.ogg", "is cut off|is damaged"),
        ("cut.flac", "is cut off|is damaged"),
    ],
)
def test_a_broken_file_is_named_with_the_reason(tmp_path: Path, name: str, why: str):
    soundfile()
    file = broken(tmp_path, name)
    with pytest.raises(DataError, match=why) as caught:
        decode(file, read_head(file))
    assert caught.value.code == "DATA-AUDIO" and caught.value.place.file == str(file)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(DataError, match="no such file"):
        read_head(tmp_path / "none.wav")


@pytest.mark.parametrize(
    ("wave_TC", "why"),
    [
        (np.zeros((0, 1)), "has no samples"),
        (np.zeros((50, 2)), "is silent$"),
        (np.full((50, 1), 0.25), r"is silent: every sample is about 0\.25"),
        (np.stack([hum(), -hum()], axis=1), "is silent"),
        (np.where(np.arange(800) == 7, np.nan, hum())[:, None], "sample 7 is no finite number"),
        (np.where(np.arange(800) == 9, np.inf, hum())[:, None], "sample 9 is no finite number"),
    ],
)
def test_what_cannot_be_heard_is_refused(wave_TC: np.ndarray, why: str):
    with pytest.raises(DataError, match=why) as caught:
        mono(wave_TC.astype(np.float32), HERE)
    assert caught.value.place == HERE


def test_channels_are_mixed_and_an_offset_taken_away():
    made = mono(np.stack([hum() + 0.3, np.full(800, 0.1)], axis=1).astype(np.float32), HERE)
    assert made.dtype == np.float32 and abs(float(made.mean())) < 1e-6
    assert np.allclose(made, hum() / 2 - (hum() / 2).mean(), atol=1e-6)


def test_whole_numbers_are_brought_to_one():
    assert floats(np.array([-32768, 0, 16384], np.int16)).tolist() == [-1, 0, 0.5]
    assert floats(np.array([0, 128, 192], np.uint8)).tolist() == [-1, 0, 0.5]
    assert floats(np.array([0.5, 2.0])).tolist() == [0.5, 2.0]
    assert floats(np.array([-(2**31)], np.int32)).tolist() == [-1]
