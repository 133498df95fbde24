"""From sounds to spectrograms of one rate and one longest length, every sound decoded once and checked.

N  sounds    T  samples, or frames    M  mels
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import ceil

import numpy as np
import torch

from pellucid.data.audio_decode import Head, mono
from pellucid.data.audio_files import Found, Sound
from pellucid.data.audio_mel import Mels, filterbank, log_mel, resample
from pellucid.data.audio_raw import AudioRaw
from pellucid.data.image_gather import mapped
from pellucid.errors import DataError, PellucidError, Place
from pellucid.findings import Finding

HIGHEST_RATE = 16_000
"""Samples a second that speech needs; a planned rate is not above."""
LONG = 0.95
"""The share of the sounds that the planned length holds whole."""


@dataclass(frozen=True)
class Wanted:
    """How spectrograms are to come out, and what may go wrong."""

    rate: int | None = None
    """None: the rate that most sounds have, at most HIGHEST_RATE."""
    seconds: float | None = None
    """Length of the longest; None: planned by LONG."""
    mels: int = 40
    window: float = 25.0
    """Milliseconds."""
    hop: float = 10.0
    workers: int | None = None
    skip: float = 0.0
    """Largest share of the sounds that may be left out."""
    frames: int | None = None
    """Of the longest, where a model has been trained already; `seconds` is not looked at then."""


@dataclass
class _Done:
    """A sound that was read."""

    x_TM: np.ndarray
    content: bytes
    """SHA-256 of its samples and their rate."""


@dataclass
class _Bad:
    """Sounds that cannot be used."""

    most: float
    total: int
    faults: dict[int, PellucidError] = field(default_factory=dict)

    def note(self, index: int, fault: PellucidError) -> None:
        """Counts a fault. Raises: it, or DataError, where there are too many."""
        self.faults[index] = fault
        if not self.most:
            raise fault
        if len(self.faults) > self.most * self.total:
            message = (
                f"{len(self.faults)} of {self.total} sounds cannot be used; data.on_bad_row allows {self.most:.2%}"
            )
            first = next(iter(self.faults.values()))
            raise DataError("DATA-BAD-ROWS", f"{message}; the first: {first}", place=first.place)


def gather(found: Found, wanted: Wanted) -> AudioRaw:
    """Reads and checks every sound. Raises: DataError naming the file and the reason."""
    bad = _Bad(wanted.skip, len(found.sounds))
    heads: dict[int, Head] = {}
    for index, head in enumerate(mapped(_head, found.sounds, wanted.workers)):
        if isinstance(head, Head):
            heads[index] = head
        else:
            bad.note(index, head)
    if not heads:
        raise DataError("DATA-AUDIO", "there are no sounds", place=Place(found.source or None))
    rate, why = _rate(list(heads.values()), wanted)
    mels = _mels(rate, wanted)
    seconds = wanted.seconds or _seconds(list(heads.values()))
    most = wanted.frames or mels.frames(round(rate * seconds))

    def read(index: int) -> _Done | PellucidError:
        return _read(found.sounds[index], heads[index], mels, most)

    done: dict[int, _Done] = {}
    for index, result in zip(heads, mapped(read, list(heads), wanted.workers), strict=True):
        if isinstance(result, _Done):
            done[index] = result
        else:
            bad.note(index, result)
    kept = {index: heads[index] for index in done}
    long = sum(mels.frames(round(head.samples * rate / head.rate)) > most for head in kept.values())
    findings = (*_told(kept, rate, long, ((most - 1) * mels.hop + mels.window) / rate), *_left_out(bad))
    return replace(_assembled(found, done, mels, why), findings=findings, seconds=seconds)


def _assembled(found: Found, done: dict[int, _Done], mels: Mels, why: str) -> AudioRaw:
    index_N = np.array(list(done))
    count_N = np.array([len(one.x_TM) for one in done.values()], np.int64)
    label = None if found.label is None else found.label[index_N]
    words = [""] * len(done) if label is None else ["\x1f".join(map(str, row)) for row in label.rows()]
    contents = sorted(one.content.hex() + word for one, word in zip(done.values(), words, strict=True))
    cells = {name: cell_N[index_N] for name, cell_N in found.cells.items()}
    if label is not None:
        cells |= {cell.name: cell.to_numpy() for cell in label.get_columns()}
    line_N = np.array(found.lines or range(1, len(found.sounds) + 1), np.int64)[index_N]
    return AudioRaw(
        asks="series",
        value_NC=np.concatenate([one.x_TM for one in done.values()]),
        channels=tuple(f"{centre:.0f} Hz" for centre in mels.centres()),
        count_S=count_N,
        series=tuple(found.sounds[index].name for index in done),
        fingerprint=sha256("\x1e".join(contents).encode()).hexdigest(),
        source=found.source,
        label=label,
        cells=cells,
        row_S=np.array([int.from_bytes(one.content[:8], "little") for one in done.values()], np.uint64),
        line_N=np.repeat(line_N, count_N),
        unit="line" if found.lines else "row",
        notes=found.notes,
        rate=mels.rate,
        planned=why,
        files=found.files,
    )


def _head(sound: Sound) -> Head | PellucidError:
    try:
        head = sound.head()
    except PellucidError as fault:
        return fault
    if head.samples < 1 or head.rate < 1:
        return DataError("DATA-AUDIO", "has no samples", place=sound.place)
    return head


def _read(sound: Sound, head: Head, mels: Mels, most: int) -> _Done | PellucidError:
    """The spectrogram of a sound, or what is wrong with it."""
    try:
        wave_T = mono(sound.wave(head), sound.place)
    except PellucidError as fault:
        return fault
    rate = head.rate
    content = sha256(wave_T.tobytes() + str(rate).encode()).digest()
    needed = (most * mels.hop + mels.window) * rate // mels.rate + rate
    made_T = resample(torch.from_numpy(wave_T[:needed]), rate, mels.rate)
    return _Done(log_mel(made_T, mels)[:most].numpy(), content)


def _rate(heads: list[Head], wanted: Wanted) -> tuple[int, str]:
    if wanted.rate is not None:
        return wanted.rate, "as asked for"
    rates = Counter(head.rate for head in heads)
    rate = max(rates, key=lambda rate: (rates[rate], rate))
    if rate > HIGHEST_RATE:
        return HIGHEST_RATE, f"most sounds have {rate:,} samples a second; speech needs no more than {HIGHEST_RATE:,}"
    return rate, "most sounds have it"


def _seconds(heads: list[Head]) -> float:
    """The length that LONG of the sounds do not go beyond, in steps of a tenth of a second."""
    lengths = sorted(head.samples / head.rate for head in heads)
    return max(0.1, ceil(10 * lengths[ceil(LONG * (len(lengths) - 1))]) / 10)


def _mels(rate: int, wanted: Wanted) -> Mels:
    mels = Mels(rate, wanted.mels, max(2, round(rate * wanted.window / 1000)), max(1, round(rate * wanted.hop / 1000)))
    empty = int((filterbank(mels).sum(0) == 0).sum())
    if empty:
        message = f"{empty} of {wanted.mels} mels lie between the frequencies of a window of {wanted.window:g} ms"
        hint = "fewer data.mels, or a longer data.window_ms"
        raise DataError("DATA-AUDIO", message, place=Place(path="data.mels"), hint=hint)
    return mels


def _told(heads: dict[int, Head], rate: int, long: int, seconds: float) -> list[Finding]:
    """What was done to sounds so that they are alike."""
    total = len(heads)
    mixed = sum(head.channels > 1 for head in heads.values())
    resampled = sum(head.rate != rate for head in heads.values())
    told = [
        ("audio-mixed", mixed, "have several channels, of which the mean was taken"),
        ("audio-resampled", resampled, f"were brought to {rate:,} samples a second"),
        ("audio-cut", long, f"are longer than {seconds:.2f} seconds; the rest was left out"),
    ]
    return [
        Finding(check, "info", f"{count:,} of {total:,} sounds {what}.", "", {"sounds": count, "share": count / total})
        for check, count, what in told
        if count
    ]


def _left_out(bad: _Bad) -> list[Finding]:
    if not bad.faults:
        return []
    first = next(iter(bad.faults.values()))
    message = f"{len(bad.faults):,} sounds could not be used and were left out; first: {first}"
    evidence: dict[str, float | int | str] = {"skipped": len(bad.faults)}
    return [Finding("bad-rows", "warning", message, "", evidence, "Repair or remove the files.")]
