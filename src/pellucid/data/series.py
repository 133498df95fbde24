"""Series: values that go on in time and are forecast, or whole series with a class, values or a class of each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import field_validator

from pellucid.data.embedded import EMBEDDED
from pellucid.data.signature import Signature
from pellucid.data.source import Data, Loaded, Raw
from pellucid.data.splitting import ByColumn
from pellucid.errors import DataError, Place

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.series_items import SeriesPreparation
    from pellucid.data.series_load import Told
    from pellucid.data.series_prepare import ForecastPreparation
    from pellucid.data.series_raw import Asks, SeriesRaw
    from pellucid.data.series_roles import Asked
    from pellucid.data.split import Split

Rows = Annotated[int, Ge(1), Le(2**16)]


class Series(Data):
    """Series to forecast, or whole series with a class, values, or a class of each step to learn.

    The path names a table (CSV, TSV, JSON lines, Parquet) with a row for each moment; a .ts file, or a folder with
    NAME_TRAIN.ts and NAME_TEST.ts; JSON lines of `{"values": [...], "label": ...}`; an .npz file; or an embedded set.
    What is forecast is judged by what comes later, never by rows drawn at random.
    """

    kind: Literal["series"] = "series"
    time: str | None = None
    """The column that says when. Planned: the one of dates, or called so; without one rows only follow one another."""
    series: str | None = None
    """The column that says which series a row is of; none given: one called series, series_id or unique_id, if any."""
    wide: Literal["channels", "series"] = "channels"
    """What several columns of numbers are: channels of one series, or series of their own that are all forecast."""
    channels: tuple[str, ...] | None = None
    """Columns of numbers that are read beside the target; none given: all of them."""
    known: tuple[str, ...] = ()
    """Columns that are known of the future too, such as holidays or a weather forecast."""
    horizon: Rows | None = None
    """Rows to forecast. Planned where the target is numbers that go on: one season, at most 48."""
    window: Annotated[int, Ge(2), Le(2**16)] | None = None
    """Rows of the past that are read. Planned: two seasons or two horizons, as far as train has room for them."""
    season: Rows | None = None
    """Rows after which series repeat themselves; 1: they do not. Planned by the step and what train is alike to."""
    stride: Rows | None = None
    """Rows from the start of one training window to the next. Planned: 1, more where memory is too small."""
    gaps: Literal["error", "interpolate", "forward"] = "error"
    """What stands for missing stamps and blank cells: nothing, the line between the neighbours, or the value before."""
    missing: tuple[str, ...] = ()
    """Further words that mean a blank cell, such as `-999`."""

    @field_validator("known", "channels")
    @classmethod
    def _each_column_once(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and len(set(names)) < len(names):
            raise ValueError("a column is named twice")
        return names

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; that of the embedded set where none is given."""
        if self.target is None:
            known = self._is_embedded() and EMBEDDED[str(self.path)].target
            return (known,) if known else ()
        return (self.target,) if isinstance(self.target, str) else self.target

    def read(self) -> SeriesRaw:
        """All series of the path.

        Raises: DataError with file, line and column at the first thing that cannot be used: a stamp that is there
        twice, missing or off the even steps, a blank cell, a number that is none.
        """
        from pellucid.data.series_read import from_path

        if self.path is None:
            message = "data.path is missing: the series were handed over in memory and are not kept"
            raise DataError("DATA-FILE", message, hint="give data.path, or hand them over again")
        if self.on_bad_row != "error":
            message = "series leave no rows out, which would leave holes in them"
            hint = "take data.on_bad_row out; data.gaps says what stands for a blank cell"
            raise DataError("DATA-BAD-ROWS", message, place=Place(path="data.on_bad_row"), hint=hint)
        return from_path(self.path, self._asked(), self.missing)

    def read_rows(self, rows: Any) -> SeriesRaw:
        """Series in memory: a frame or mapping of columns; whole series as (list of arrays, labels); or a mapping.

        The mapping has `values` (value_NT, value_NTD or a list of value_T or value_TD), and perhaps `lengths`,
        `labels`, or `codes` and `classes`, `names` of labels or channels, and `split`.
        """
        from pellucid.data.series_read import from_anything

        return from_anything(rows, self._asked(), self.missing)

    def inspect(self, raw: Raw) -> Signature:
        """What the series are: channels, steps, target, season, and what was noticed.

        Raises: DataError for targets that are blank or teach nothing, a split that leaks the future, and a horizon or
        window that does not fit.
        """
        from pellucid.data.series_load import signature_of
        from pellucid.data.series_raw import SeriesRaw

        assert isinstance(raw, SeriesRaw)
        signature = signature_of(raw, self._told(), self.split, self.path or "series in memory")
        return signature.replace(notes={**signature.notes, **self._notes()})

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Splits first, by time where the future is asked for, then fits the preparation on the training part only."""
        from pellucid.data.series_load import load_future, load_whole
        from pellucid.data.series_raw import SeriesRaw

        assert isinstance(raw, SeriesRaw)
        load = load_future if raw.asks == "future" else load_whole
        loaded = load(raw, signature, split, seed, self._told())
        hinted = {name: (value, "as the named set asks for it") for name, value in self._hints().items()}
        return replace(loaded, chosen={**hinted, **loaded.chosen})

    def restore(
        self, arrays: Mapping[str, np.ndarray], signature: Signature
    ) -> ForecastPreparation | SeriesPreparation:
        """The preparation that `arrays` was saved from."""
        from pellucid.data import series_items, series_prepare

        assert signature.target is not None
        room = series_prepare if signature.target.kind == "future" else series_items
        return room.restore(arrays, signature)

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> SeriesRaw:
        """Series for prediction: a path, or anything that `read_rows` takes.

        To forecast, each needs the rows of a window; rows behind them whose target is blank say what is known of the
        future. With `labelled` every row that leaves room for a whole horizon is forecast and judged.

        Raises: SchemaError naming what is missing, is too short, or does not go in the steps the model knows.
        """
        from pellucid.data.series_new import read

        clock, target = signature.clock, signature.target
        assert clock is not None and target is not None
        asks: dict[str, Asks] = {"future": "future", "steps": "steps"}
        apart = self.wide == "series" and target.kind == "future"
        asked = self._asked(
            targets=() if apart else target.names,
            time=clock.time or None,
            series=clock.series or None,
            channels=self.channels if apart else tuple(name for name in clock.channels if name not in target.names),
            asks=asks.get(target.kind, "series"),
            step=clock.step,
            new=True,
            labelled=labelled,
        )
        return read(source, asked, self.missing, signature)

    def beyond(self, raw: Raw, signature: Signature) -> SeriesRaw:
        """The last rows of every series of `raw`, as read for training: what comes after them is to be forecast."""
        from pellucid.data.series_grid import filled
        from pellucid.data.series_new import beyond
        from pellucid.data.series_raw import SeriesRaw

        assert isinstance(raw, SeriesRaw)
        return beyond(filled(raw, self.gaps), signature)

    def _asked(self, **changes: Any) -> Asked:
        from pellucid.data.series_roles import Asked

        split = self.split.column if isinstance(self.split, ByColumn) else None
        asked = Asked(
            self.targets,
            self._said("time"),
            self._said("series"),
            self.wide == "series",
            self._said("horizon"),
            self._said("known"),
            self.channels,
            self.gaps,
            split,
        )
        return replace(asked, split=None, **changes) if changes else asked

    def _told(self) -> Told:
        from pellucid.data.series_load import Told

        horizon, season = self._said("horizon"), self._said("season")
        return Told(horizon, self.window, season, self.stride, self.gaps, self.augment)

    def _hints(self) -> dict[str, Any]:
        """What a named set asks for where the recipe leaves it open."""
        hints = EMBEDDED[str(self.path)].hints if self._is_embedded() else ()
        return {name: value for name, value in hints if getattr(self, name) in (None, ())}

    def _said(self, name: str) -> Any:
        """A field, or what the named set asks for where it is open."""
        return self._hints().get(name, getattr(self, name))

    def _is_embedded(self) -> bool:
        known = EMBEDDED.get(self.path or "")
        return known is not None and known.kind == "series" and not Path(str(self.path)).exists()

    def _notes(self) -> dict[str, str]:
        if not self._is_embedded():
            return {}
        known = EMBEDDED[str(self.path)]
        return {"title": known.title, "licence": known.licence, "origin": known.origin}
