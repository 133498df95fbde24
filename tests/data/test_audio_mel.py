from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pellucid.data.audio_mel import FLOOR, Mels, filterbank, hertz, log_mel, mel, resample

SPEECH = Mels(16_000, 40, 400, 160)


def sine(frequency: float, rate: int, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * math.pi * frequency * torch.arange(round(rate * seconds), dtype=torch.float64) / rate).float()


def by_hand(wave_T: np.ndarray, mels: Mels) -> np.ndarray:
    """The same in plain numpy, one frame and one band at a time."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(mels.window) / mels.window)
    edges = [
        700 * (10 ** (at / 2595) - 1) for at in np.linspace(0, 2595 * np.log10(1 + mels.rate / 1400), mels.count + 2)
    ]
    frames = []
    for start in range(0, len(wave_T) - mels.window + 1, mels.hop):
        power = np.abs(np.fft.rfft(wave_T[start : start + mels.window] * window, mels.size)) ** 2
        bands = []
        for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
            band = 0.0
            for place, energy in enumerate(power):
                frequency = place * mels.rate / mels.size
                if low < frequency <= middle:
                    band += energy * (frequency - low) / (middle - low)
                elif middle < frequency < high:
                    band += energy * (high - frequency) / (high - middle)
            bands.append(np.log(band + FLOOR))
        frames.append(bands)
    return np.array(frames)


@pytest.mark.parametrize("mels", [SPEECH, Mels(8000, 20, 200, 80), Mels(11_025, 13, 256, 110)])
def test_spectrograms_are_those_of_an_independent_computation(mels: Mels):
    wave_T = np.random.default_rng(0).normal(size=3000).astype(np.float32) / 10
    made = log_mel(torch.from_numpy(wave_T), mels)
    assert made.shape == (mels.frames(3000), mels.count)
    assert np.abs(made.numpy() - by_hand(wave_T.astype(np.float64), mels)).max() < 1e-3


def test_mels_are_those_of_the_formula():
    assert mel(1000) == pytest.approx(999.99, abs=0.01) and hertz(mel(440)) == pytest.approx(440)
    centres = SPEECH.centres()
    assert np.allclose(np.diff([mel(centre) for centre in centres]), mel(8000) / 41)


def test_a_tone_is_loudest_in_its_band():
    for frequency in (300, 1000, 3000):
        loudest = int(log_mel(sine(frequency, 16_000), SPEECH).mean(0).argmax())
        nearest = int(np.abs(np.array(SPEECH.centres()) - frequency).argmin())
        assert abs(loudest - nearest) <= 1


def test_triangles_are_one_at_the_top_and_overlap_by_half():
    weight_FM = filterbank(Mels(16_000, 10, 4096, 160))
    assert weight_FM.min() == 0 and (weight_FM.amax(0) > 0.98).all()
    shared_F = weight_FM.sum(1)[60:1500]
    assert torch.allclose(shared_F, torch.ones(len(shared_F)), atol=1e-3)


def test_a_sound_shorter_than_a_window_is_one_frame():
    assert log_mel(sine(440, 16_000, 0.01), SPEECH).shape == (1, 40) and SPEECH.frames(160) == 1
    assert SPEECH.frames(400) == 1 and SPEECH.frames(560) == 2


@pytest.mark.parametrize(
    ("old", "new"), [(44_100, 16_000), (8000, 16_000), (48_000, 8000), (16_000, 11_025), (22_050, 16_000)]
)
def test_resampling_keeps_what_both_rates_can_hold(old: int, new: int):
    for frequency in (100.0, 440.0, 2500.0):
        made, true = resample(sine(frequency, old), old, new), sine(frequency, new)
        assert abs(len(made) - len(true)) <= 1
        count = min(len(made), len(true))
        inner = slice(count // 10, count - count // 10)
        assert (made[:count] - true[:count])[inner].abs().max() < 0.01


def test_resampling_takes_away_what_the_new_rate_cannot_hold():
    made = resample(sine(7000, 44_100), 44_100, 8000)
    assert made[400:-400].abs().max() < 0.02
    assert torch.equal(resample(made, 8000, 8000), made)
