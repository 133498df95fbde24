from __future__ import annotations

import numpy as np

from pellucid.data.toy_tones import EACH, PAIRS, RATE, WORDS, tones


def test_every_word_is_its_two_tones_in_order():
    made = tones()
    assert made["waves"].dtype == np.int16 and np.bincount(made["codes"]).tolist() == [EACH] * len(WORDS)
    assert len(set(PAIRS)) == len(WORDS) and int(made["rate"]) == RATE
    right = 0
    for wave_T, length, code in zip(made["waves"], made["lengths"], made["codes"], strict=True):
        assert not wave_T[length:].any() and 0.24 * RATE <= length < 0.81 * RATE
        loud = np.flatnonzero(np.convolve(np.abs(wave_T[:length].astype(float)), np.ones(80), "same") > 80 * 700)
        part = wave_T[loud[0] : loud[-1]] if len(loud) > 1600 else wave_T[:length]
        halves = [np.abs(np.fft.rfft(half, RATE)) for half in np.array_split(part.astype(float), 2)]
        heard = [int(spectrum[300:1700].argmax()) + 300 for spectrum in halves]
        right += all(abs(tone / pitch - 1) < 0.1 for tone, pitch in zip(heard, PAIRS[code], strict=True))
    assert right > 0.8 * len(made["codes"])


def test_parts_have_every_word_alike():
    made = tones()
    for part, count in enumerate((84, 18, 18)):
        assert np.bincount(made["codes"][made["split"] == part]).tolist() == [count] * len(WORDS)
