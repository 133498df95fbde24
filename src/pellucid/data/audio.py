"""Sound: files, arrays and embedded sets, as log-mel spectrograms with a class or values each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from pellucid.data.signature import Signature
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.splitting import ByFiles
from pellucid.errors import DataError, Place, SchemaError

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.audio_gather import Wanted
    from pellucid.data.audio_raw import AudioRaw
    from pellucid.data.series_items import SeriesPreparation
    from pellucid.data.split import Split


class Audio(Data):
    """Sounds with a class, or values, to learn, read as log-mel spectrograms.

    The path names a folder with one folder for each class; the folders train, valid and test of such; a table with a
    column of paths and one of labels; an .npz file of waves; or an embedded set. Every file (.wav, .flac, .ogg, .mp3)
    is decoded and checked before training; several channels are mixed to one.
    """

    kind: Literal["audio"] = "audio"
    rate: Annotated[int, Ge(1000), Le(192_000)] | None = None
    """Samples a second to which every sound is brought. Planned: what most of them have, at most 16,000."""
    seconds: Annotated[float, Gt(0), Le(3600)] | None = None
    """Length beyond which sounds are cut. Planned: what 95 % of them do not go beyond."""
    mels: Annotated[int, Ge(1), Le(256)] = 40
    """Bands of frequencies, as wide as pitch is heard."""
    window_ms: Annotated[float, Gt(0), Le(1000)] = 25.0
    """Milliseconds of a frame."""
    hop_ms: Annotated[float, Gt(0), Le(1000)] = 10.0
    """Milliseconds from one frame to the next."""

    def read(self) -> AudioRaw:
        """Reads and checks every sound. Raises: DataError naming the file and the reason."""
        from pellucid.data import audio_files
        from pellucid.data.audio_gather import gather

        if self.path is None:
            hint = "data: {kind: audio, path: ...}, or hand over arrays"
            raise DataError("DATA-PATH", "no path says where the sounds are", place=Place(path="data.path"), hint=hint)
        return gather(audio_files.from_path(self.path, self._targets(), True), self._wanted())

    def read_rows(self, rows: Any) -> AudioRaw:
        """Sounds in memory: a mapping of `waves`, their `rate`, and perhaps `labels`; or a list of paths.

        `waves` is wave_NT, or a list of wave_T or wave_TC, floats in [-1, 1] or whole numbers; beside it may stand
        `lengths`, `codes` with `classes` in the place of labels, and `split`.
        """
        from pellucid.data import audio_files
        from pellucid.data.audio_gather import gather

        return gather(audio_files.from_anything(rows, self._targets(), True), self._wanted())

    def inspect(self, raw: Raw) -> Signature:
        """What the sounds are: rate, length, classes, hazards. Raises: DataError for targets that teach nothing."""
        from dataclasses import replace

        from pellucid.data.audio_raw import AudioRaw
        from pellucid.data.series_load import Told, signature_of

        assert isinstance(raw, AudioRaw)
        signature = signature_of(raw, Told(), self.split, self.path or "sounds in memory")
        clock = signature.clock and replace(signature.clock, step=f"{self.hop_ms:g} ms")
        return signature.replace(kind="audio", rate=raw.rate, clock=clock)

    def told(self, raw: Raw) -> dict[str, Any]:
        """How long the sounds are, in seconds, as far as they are read."""
        import numpy as np

        from pellucid.data.audio_raw import AudioRaw

        assert isinstance(raw, AudioRaw)
        second_S = raw.count_S * (self.hop_ms / 1000)
        low, middle, high = (round(float(value), 3) for value in np.quantile(second_S, (0, 0.5, 1)))
        return {"seconds": {"shortest": low, "median": middle, "longest": high}}

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits by content, then fits mean and deviation of each mel on the training part only."""
        from dataclasses import replace

        import numpy as np

        from pellucid.data.audio_raw import AudioRaw
        from pellucid.data.series_items import SeriesPreparation
        from pellucid.data.series_load import Told, load_whole

        assert isinstance(raw, AudioRaw)
        if signature.target is None:
            hint = "folders of the classes, or a column of labels"
            raise DataError("DATA-TARGET", "the sounds have no labels to learn", place=Place(raw.source), hint=hint)
        if isinstance(split, ByFiles):
            hint = "put the sounds into folders called train, valid and test"
            raise DataError("DATA-SPLIT", "sounds have no split by files", place=Place(path="data.split"), hint=hint)
        loaded = load_whole(raw, signature, split, seed, Told(augment=self.augment))
        assert isinstance(loaded.preparation, SeriesPreparation)
        # new sounds may be shorter even where all of these are equally long
        preparation = replace(loaded.preparation, length_2=np.array([1, signature.length]))
        loaded.dataset.form = preparation.form
        chosen: dict[str, tuple[Any, str]] = {}
        if self.rate is None:
            chosen["rate"] = (raw.rate, raw.planned)
        if self.seconds is None:
            chosen["seconds"] = (raw.seconds, "95 % of the sounds are no longer")
        return replace(loaded, preparation=preparation, chosen=chosen)

    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> SeriesPreparation:
        """The preparation that `arrays` was saved from."""
        from pellucid.data import series_items

        return series_items.restore(arrays, signature)

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> AudioRaw:
        """Sounds for prediction, brought to the rate and length the model was trained on, with a counted note.

        A folder of any layout, a list of files, one file, a table of paths, an `.npz` file, or a mapping as for
        `read_rows`. Raises: SchemaError naming the sound that cannot be used and the reason, or the label that is
        missing or unknown where `labelled`.
        """
        from dataclasses import replace

        from pellucid.data import audio_files
        from pellucid.data.audio_gather import gather
        from pellucid.data.series_items import require_labels

        assert signature.target is not None
        wanted = replace(self._wanted(), rate=signature.rate, frames=signature.length)
        names = () if signature.target.names == (audio_files.FOLDER,) else signature.target.names
        try:
            raw = gather(audio_files.from_anything(source, names, labelled), wanted)
            if labelled:
                require_labels(raw, signature.target)
        except DataError as fault:
            raise SchemaError(fault.code, fault.message, place=fault.place, hint=fault.hint) from None
        return raw

    def _targets(self) -> tuple[str, ...]:
        return (self.target,) if isinstance(self.target, str) else self.target or ()

    def _wanted(self) -> Wanted:
        from pellucid.data.audio_gather import Wanted

        skip = 0.0 if self.on_bad_row == "error" else self.on_bad_row.skip
        return Wanted(self.rate, self.seconds, self.mels, self.window_ms, self.hop_ms, self.workers, skip)
