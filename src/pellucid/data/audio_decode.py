"""From a sound file to its samples, with the checks that tell a damaged file from a good one.

Plain PCM .wav files are read by the standard library, all others by the package soundfile.

T  samples    C  channels
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import DataError, Place

FORMATS = {".wav": ("WAV", "WAVEX", "RF64"), ".flac": ("FLAC",), ".ogg": ("OGG",), ".mp3": ("MP3", "MPEG")}
"""Suffix -> what soundfile calls the content."""
QUIET = 2 / 2**15
"""Between the highest and the lowest sample of silence: one step of 16 bits up and down."""
TAIL = 2**16
"""Bytes at the end of an Ogg file in which its last page begins."""
LAST_PAGE = 4
"""The flag of it."""


@dataclass(frozen=True)
class Head:
    """What a file says of itself."""

    rate: int
    """Samples a second."""
    channels: int
    samples: int
    """Of each channel."""


def read_head(file: Path) -> Head:
    """What a sound file says of itself. Raises: DataError where it is none, or not what its suffix says."""
    _require_bytes(file)
    plain = _open_plain(file)
    if plain is not None:
        with plain:
            return Head(plain.getframerate(), plain.getnchannels(), plain.getnframes())
    soundfile = _soundfile(file)
    try:
        info = soundfile.info(str(file))
    except soundfile.LibsndfileError as fault:
        raise _fault(file, f"cannot be read: {fault.error_string.rstrip('.')}") from None
    if info.format not in FORMATS.get(file.suffix.lower(), (info.format,)):
        raise _fault(file, f"holds {info.format}, which is not what its suffix says")
    return Head(info.samplerate, info.channels, info.frames)


def decode(file: Path, head: Head) -> np.ndarray:
    """wave_TC float32 in [-1, 1]. Raises: DataError for a file that is damaged, or shorter than its head says."""
    plain = _open_plain(file)
    if plain is not None:
        with plain:
            data = plain.readframes(head.samples)
            wave_TC = _floats(data, plain.getsampwidth()).reshape(-1, head.channels)
    else:
        soundfile = _soundfile(file)
        try:
            wave_TC, _ = soundfile.read(str(file), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as fault:
            raise _fault(file, f"is damaged: {fault.error_string.rstrip('.')}") from None
    if len(wave_TC) < head.samples:
        raise _fault(file, f"is cut off: it holds {len(wave_TC):,} of {head.samples:,} samples")
    if file.suffix.lower() == ".ogg" and not _ended(file):
        raise _fault(file, "is cut off: its last page is missing")
    return wave_TC


def mono(wave_TC: np.ndarray, place: Place) -> np.ndarray:
    """float32 wave_T: the mean of the channels, around 0.

    Raises: DataError where there are no samples, one is no number, or there is nothing to hear.
    """
    if not wave_TC.size:
        raise DataError("DATA-AUDIO", "has no samples", place=place)
    if not np.isfinite(wave_TC).all():
        bad = int(np.flatnonzero(~np.isfinite(wave_TC).all(axis=1))[0])
        raise DataError("DATA-AUDIO", f"sample {bad:,} is no finite number", place=place)
    wave_T = sum(wave_TC.T.astype(np.float64)) / wave_TC.shape[1]
    if np.ptp(wave_T) <= QUIET:
        level = float(wave_T.mean())
        what = "is silent" if abs(level) <= QUIET else f"is silent: every sample is about {level:.3g}"
        raise DataError("DATA-AUDIO", what, place=place)
    return (wave_T - wave_T.mean()).astype(np.float32)


def floats(wave_TC: np.ndarray) -> np.ndarray:
    """Samples in memory as float32: whole numbers of 8 (0 to 255), 16 or 32 bits are brought to [-1, 1]."""
    if wave_TC.dtype == np.uint8:
        return ((wave_TC.astype(np.float32)) - 128) / 128
    if np.issubdtype(wave_TC.dtype, np.integer):
        return (wave_TC / -float(np.iinfo(wave_TC.dtype).min or -1)).astype(np.float32)
    return wave_TC.astype(np.float32)


def _open_plain(file: Path) -> wave.Wave_read | None:
    """A file of plain PCM in the RIFF form; None for any other."""
    if file.suffix.lower() != ".wav":
        return None
    try:
        return wave.open(str(file), "rb")
    except (wave.Error, EOFError):
        return None


def _floats(data: bytes, width: int) -> np.ndarray:
    """float32 samples of whole numbers of `width` bytes, little end first."""
    whole = data[: len(data) // width * width]
    if width == 3:
        padded_T4 = np.zeros((len(whole) // 3, 4), np.uint8)
        padded_T4[:, 1:] = np.frombuffer(whole, np.uint8).reshape(-1, 3)
        return floats(padded_T4.reshape(-1).view("<i4"))
    return floats(np.frombuffer(whole, {1: "u1", 2: "<i2", 4: "<i4"}[width]))


def _ended(file: Path) -> bool:
    """Whether the last page of an Ogg file says that it is the last."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - TAIL))
        tail = stream.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and len(tail) > page + 5 and bool(tail[page + 5] & LAST_PAGE)


def _require_bytes(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as fault:
        what = "there is no such file" if isinstance(fault, FileNotFoundError) else f"cannot be read: {fault.strerror}"
        raise DataError("DATA-FILE", what, place=Place(str(file))) from None
    if not size:
        raise _fault(file, "is empty")


def _soundfile(file: Path) -> Any:
    try:
        import soundfile
    except ImportError:
        message = "only plain PCM .wav files are read without the package soundfile"
        raise DataError("DATA-AUDIO", message, place=Place(str(file)), hint="pip install pellucid[audio]") from None
    return soundfile


def _fault(file: Path, message: str) -> DataError:
    return DataError("DATA-AUDIO", message, place=Place(str(file)))
