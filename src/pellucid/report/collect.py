"""Everything a finished session knows, brought together for its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pellucid.data.batch import Batch
from pellucid.data.embedded import EMBEDDED
from pellucid.data.image_prepare import ImagePreparation
from pellucid.data.image_raw import ImageRaw
from pellucid.data.render import RENDERERS
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.signature import Signature
from pellucid.data.source import Raw
from pellucid.data.table_raw import TableRaw
from pellucid.data.text_raw import TextRaw
from pellucid.record import read_lines
from pellucid.report.evidence import Evidence, Past
from pellucid.training import evaluate
from pellucid.training import folder as folders
from pellucid.training.layout import journal
from pellucid.training.session import Session


def collect(
    session: Session, folder: Path, *, seconds: float, speed: float, findings: Sequence[dict[str, Any]] = ()
) -> Evidence:
    """Everything a finished session knows, for the report."""
    recipe, dataset = session.recipe, session.dataset
    raw, task, preparation = session.raw, recipe.task, session.loaded.preparation
    assert task is not None and task.metrics is not None
    return Evidence(
        name=folder.name,
        task=task,
        signature=session.signature,
        dataset=dataset,
        recipe=recipe.dump(),
        decisions=[{name: str(value) for name, value in item.as_json().items()} for item in session.decisions],
        layers=[layer._asdict() for layer in session.layers],
        record=list(read_lines(folder / "record.jsonl")),
        forward=lambda batch: evaluate.outputs(session.state.network, batch, task, recipe.precision),
        decode=lambda output: task.decode(output, session.signature, dataset.scale),
        truth=lambda batch: evaluate.truth(batch, dataset.scale),
        network=session.state.network,
        metrics=task.metrics,
        groups=raw.columns if isinstance(raw, ImageRaw) else {},
        columns=tuple(session.loaded.preparation.names()),
        seed=recipe.seed,
        seconds=seconds,
        examples_per_second=speed,
        facts=_machine(session),
        findings=list(findings),
        healing=next((line["tried"] for line in reversed(journal(folder)) if line["event"] == "healing"), []),
        redraw=redrawer(session.signature),
        cells=_cells(raw),
        text=raw.texts().__getitem__ if isinstance(raw, TextRaw) else None,
        past=past_of(raw, session.signature) if isinstance(raw, SeriesRaw) and raw.asks == "future" else None,
        write=_writer(session),
        pixels=raw.picture if isinstance(raw, ImageRaw) else None,
        to_pixels=preparation.pixels if isinstance(preparation, ImagePreparation) else None,
    )


def _machine(session: Session) -> dict[str, str]:
    known = {**folders.facts(session), "data": session.signature.fingerprint[:16], "recipe": session.recipe.hash[:16]}
    return {name: str(value) for name, value in known.items()}


def _cells(raw: Raw) -> Callable[[int], dict[str, str]] | None:
    table = raw.table if isinstance(raw, TextRaw) else raw
    return table.cells if isinstance(table, TableRaw) else None


def _writer(session: Session) -> Callable[[Batch], tuple[Batch, torch.Tensor]] | None:
    """What has rows written by the network, where the task is judged by that."""
    task = session.recipe.task
    assert task is not None
    if not type(task).writes:
        return None
    return lambda batch: evaluate.written(session.state.network, batch, task, session.signature)


def past_of(raw: SeriesRaw, signature: Signature) -> Callable[[int], Past]:
    """What tells the window before a forecast; a blank cell has the value before it."""
    assert signature.clock is not None and signature.target is not None
    window, targets = signature.clock.window, len(signature.target.names)

    def past(row: int) -> Past:
        value_TD = raw.value_NC[row - window : row, :targets].copy()
        for at in range(1, len(value_TD)):
            value_TD[at] = np.where(np.isnan(value_TD[at]), value_TD[at - 1], value_TD[at])
        name = raw.series[int(raw.series_of(np.array([row]))[0])] if len(raw.series) > 1 else ""
        return Past(torch.from_numpy(value_TD), name, raw.stamp(row))

    return past


def redrawer(signature: Signature) -> Callable[..., Any] | None:
    """What draws a picture from its target values, for a data set that was drawn; None for all others."""
    known = EMBEDDED.get(signature.source)
    return RENDERERS[known.renders] if known is not None and known.renders else None
