"""From samples to log-mel spectrograms, and from one sampling rate to another.

T  samples, or frames    F  frequencies of the spectrum    M  mels: bands as wide as pitch is heard
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch

FLOOR = 1e-6
"""Added to the energy of a band before its logarithm is taken."""
ZEROS = 6
"""Zero crossings of the sinc on each side."""
ROLLOFF = 0.95
"""Where the low-pass filter of resampling ends, as a share of the highest frequency that both rates have."""


@dataclass(frozen=True)
class Mels:
    """How spectrograms are made."""

    rate: int
    """Samples a second."""
    count: int
    window: int
    """Samples of a frame."""
    hop: int
    """Samples from one frame to the next."""

    @property
    def size(self) -> int:
        """Samples of the Fourier transform: the power of two that holds a window."""
        return 2 ** math.ceil(math.log2(self.window))

    def frames(self, samples: int) -> int:
        """Frames of a sound of so many samples."""
        return 1 + max(0, samples - self.window) // self.hop

    def centres(self) -> list[float]:
        """The middle of each band in Hz: evenly spaced in mels from 0 to half the rate, both left out."""
        top = mel(self.rate / 2)
        return [hertz(top * place / (self.count + 1)) for place in range(1, self.count + 1)]


def mel(frequency: float) -> float:
    """Hz as mels, by the formula of HTK: 2595 log10(1 + f / 700)."""
    return 2595 * math.log10(1 + frequency / 700)


def hertz(pitch: float) -> float:
    """Mels as Hz."""
    return 700 * (10 ** (pitch / 2595) - 1)


@cache
def filterbank(mels: Mels) -> torch.Tensor:
    """weight_FM: triangles from the middle of the band below to that of the band above, 1 at their own middle."""
    edges = [0.0, *mels.centres(), mels.rate / 2]
    frequency_F1 = torch.linspace(0, mels.rate / 2, mels.size // 2 + 1, dtype=torch.float64)[:, None]
    low_M, middle_M, high_M = (torch.tensor(edges[at : at + mels.count], dtype=torch.float64) for at in range(3))
    rising_FM = (frequency_F1 - low_M) / (middle_M - low_M)
    falling_FM = (high_M - frequency_F1) / (high_M - middle_M)
    return torch.minimum(rising_FM, falling_FM).clamp_min(0).float()


def log_mel(wave_T: torch.Tensor, mels: Mels) -> torch.Tensor:
    """x_TM float32: the logarithm of the energy in each band of each frame, of Hann windows.

    A sound shorter than a window is filled up with silence.
    """
    lack = max(0, mels.window - len(wave_T))
    before = (mels.size - mels.window) // 2
    padded_T = torch.nn.functional.pad(wave_T, (before, mels.size - mels.window - before + lack))
    spectrum_FT = torch.stft(
        padded_T,
        mels.size,
        mels.hop,
        mels.window,
        torch.hann_window(mels.window),
        center=False,
        return_complex=True,
    )
    power_TF = spectrum_FT.abs().square().T
    return (power_TF @ filterbank(mels) + FLOOR).log()


def resample(wave_T: torch.Tensor, old: int, new: int) -> torch.Tensor:
    """The same sound at `new` samples a second: a sinc in a Hann window, read between the samples.

    Of every `old` samples (both rates brought down to lowest terms) `new` are made, each by weights of its own
    (Smith, Digital Audio Resampling).
    """
    if old == new:
        return wave_T
    common = math.gcd(old, new)
    old, new = old // common, new // common
    kernel_P1K, reach = _kernel(old, new)
    length = -(-len(wave_T) * new // old)
    padded_11T = torch.nn.functional.pad(wave_T, (reach, reach + old))[None, None]
    made_PT = torch.nn.functional.conv1d(padded_11T, kernel_P1K, stride=old)[0]
    return made_PT.T.reshape(-1)[:length]


@cache
def _kernel(old: int, new: int) -> tuple[torch.Tensor, int]:
    """weight_P1K for the `new` phases, and how many samples they reach back."""
    cutoff = ROLLOFF * min(old, new) / old
    reach = math.ceil(ZEROS / cutoff)
    phase_P1 = torch.arange(new, dtype=torch.float64)[:, None] * old / new
    distance_PK = torch.arange(-reach, reach + old, dtype=torch.float64) - phase_P1
    turn_PK = distance_PK * cutoff
    window_PK = torch.cos(math.pi / 2 * (turn_PK / ZEROS).clamp(-1, 1)).square()
    weight_PK = cutoff * torch.sinc(turn_PK) * window_PK
    return weight_PK.float()[:, None], reach
