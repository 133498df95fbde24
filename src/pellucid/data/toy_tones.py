"""Toy speech, drawn here: ten words, each of them two tones one after the other.

N  recordings    T  samples
"""

from __future__ import annotations

import numpy as np

from pellucid.seeds import Draw

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE = 8000
"""Samples a second."""
PITCHES = (350, 560, 900, 1450)
"""Hz; a word is an ordered pair of them, so the same two tones in another order are another word."""
PAIRS = [(first, second) for first in PITCHES for second in PITCHES if first != second][: len(WORDS)]
EACH = 120


def tones() -> dict[str, np.ndarray]:
    """EACH recordings of every word: int16 wave_NT with length_N, rate, code_N into WORDS, split 70, 15 and 15 %.

    Speaker (pitch within 8 %, overtones), tempo, loudness, pauses and noise are drawn for each recording.
    """
    draw = Draw(0, "tones")
    made = [_spoken(pair, draw.at(code, index)) for code, pair in enumerate(PAIRS) for index in range(EACH)]
    length_N = np.array([len(wave_T) for wave_T in made], np.int64)
    wave_NT = np.zeros((len(made), length_N.max()), np.int16)
    for row, wave_T in enumerate(made):
        wave_NT[row, : len(wave_T)] = wave_T
    place_N = np.arange(len(made)) % EACH / EACH
    return {
        "waves": wave_NT,
        "lengths": length_N,
        "rate": np.array(RATE),
        "codes": np.repeat(np.arange(len(WORDS)), EACH),
        "classes": np.array(WORDS),
        "split": np.where(place_N < 0.7, 0, np.where(place_N < 0.85, 1, 2)).astype(np.uint8),
    }


def _spoken(pair: tuple[int, int], draw: Draw) -> np.ndarray:
    """wave_T int16 of one word between two pauses."""
    speaker, bright, loud, noisy, *spans = draw.uniform((8,)).double().tolist()
    before, first, second, after = (round(RATE * span) for span in (
        0.15 * spans[0], 0.12 + 0.13 * spans[1], 0.12 + 0.13 * spans[2], 0.15 * spans[3]
    ))  # fmt: skip
    pieces = [np.zeros(before)]
    for pitch, length in zip(pair, (first, second), strict=True):
        phase_T = 2 * np.pi * pitch * (0.92 + 0.16 * speaker) / RATE * np.arange(length)
        shape_T = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 0.5
        pieces.append(shape_T * (np.sin(phase_T) + 0.5 * bright * np.sin(2 * phase_T)))
    wave_T = np.concatenate([*pieces, np.zeros(after)])
    noise_T = draw.uniform((len(wave_T),), -1, 1).double().numpy()
    level = 3000 * 10**loud
    return np.rint(np.clip(level * (wave_T + (0.05 + 0.5 * noisy) * noise_T) / 1.6, -32768, 32767)).astype(np.int16)
