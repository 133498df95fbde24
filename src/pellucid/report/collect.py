"""Everything a finished session knows, brought together for its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid.data.embedded import EMBEDDED
from pellucid.data.image_prepare import ImagePreparation
from pellucid.data.image_raw import ImageRaw
from pellucid.data.render import RENDERERS
from pellucid.data.signature import Signature
from pellucid.data.table_raw import TableRaw
from pellucid.record import read_lines
from pellucid.report.evidence import Evidence
from pellucid.training import evaluate
from pellucid.training import folder as folders
from pellucid.training.session import Session


def collect(session: Session, folder: Path, *, seconds: float, speed: float) -> Evidence:
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
        redraw=redrawer(session.signature),
        cells=raw.cells if isinstance(raw, TableRaw) else None,
        pixels=raw.picture if isinstance(raw, ImageRaw) else None,
        to_pixels=preparation.pixels if isinstance(preparation, ImagePreparation) else None,
    )


def _machine(session: Session) -> dict[str, str]:
    known = {**folders.facts(session), "data": session.signature.fingerprint[:16], "recipe": session.recipe.hash[:16]}
    return {name: str(value) for name, value in known.items()}


def redrawer(signature: Signature) -> Callable[..., Any] | None:
    """What draws a picture from its target values, for a data set that was drawn; None for all others."""
    known = EMBEDDED.get(signature.source)
    return RENDERERS[known.renders] if known is not None and known.renders else None
