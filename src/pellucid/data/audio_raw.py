"""Sounds as read: their spectrograms one after another, as whole series whose channels are mels."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.series_raw import SeriesRaw
from pellucid.data.signature import Signature


@dataclass(frozen=True, kw_only=True)
class AudioRaw(SeriesRaw):
    """Series of log-mel spectrograms (float32 `value_NC`), and where they came from."""

    rate: int
    """Samples a second of all sounds, after resampling."""
    seconds: float = 0.0
    """Length beyond which sounds were cut."""
    planned: str = ""
    """Why that rate."""
    files: bool = True
    """Whether sounds have files; else the numbers in `series` say which it is."""

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The name of each file, or the number of each sound."""
        return {"file" if self.files else "sound": list(self.series)}
