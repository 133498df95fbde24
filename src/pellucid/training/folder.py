"""The run folder: what identifies a run, written once; how it is opened again, and when resuming it is exact."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pellucid
from pellucid.data.source import Raw
from pellucid.documents import canonical_json, read_file, write_yaml
from pellucid.errors import ArtifactError, Place, ResourceError, SchemaError, UsageError
from pellucid.files import remove_folder, sweep, write_atomic
from pellucid.plan import Decision
from pellucid.recipe import read_recipe
from pellucid.training import checkpoint
from pellucid.training.layout import FORMAT, VERSION, read_decisions, read_identity
from pellucid.training.run import Writer
from pellucid.training.session import Session, facts, prepare


def create(folder: Path, session: Session, written: str | None) -> Writer:
    """Makes a run folder out of an empty or missing one; the caller holds its lock."""
    if (folder / "run.json").exists():
        place = Place(str(folder))
        raise UsageError(
            "CLI-RUN", "there is a run here already", place=place, hint=f"pellucid resume {folder}, or another --run"
        )
    recipe = session.recipe
    lock = write_yaml(recipe.dump(), comments(session.decisions))
    _write(folder / "recipe.yaml", (written or write_yaml(recipe.dump())).encode())
    _write(folder / "recipe.lock.yaml", lock.encode())
    _write(folder / "decisions.json", canonical_json([decision.as_json() for decision in session.decisions]))
    _write(folder / "signature.json", canonical_json(session.signature.as_json()))
    identity = {
        "format": FORMAT,
        "version": list(VERSION),
        "writer": pellucid.__version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "recipe": recipe.hash,
        "data": session.signature.fingerprint,
        "exactness": facts(session),
    }
    # last, so that a folder with a run.json is a whole one
    _write(folder / "run.json", canonical_json(identity))
    writer = Writer(folder)
    writer.journal("started", steps=session.steps)
    return writer


def comments(decisions: list[Decision]) -> dict[str, str]:
    """What the lock says beside each planned value."""
    return {decision.path: f"{decision.reason} [{decision.source}]" for decision in decisions}


def reopen(folder: Path, raw: Raw | None = None, *, inexact: bool = False, bind: Any = None) -> tuple[Session, Writer]:
    """The session of a run as its newest intact checkpoint left it, with the record cut to that point.

    Raises: ArtifactError where nothing intact is left; SchemaError where the data changed; ResourceError where machine or
    versions differ so that the result would not be exact (`inexact` goes on, and the journal says so).
    """
    identity = read_identity(folder)
    recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
    if bind is not None:
        recipe = bind(recipe)
    if recipe.data.path is None and raw is None:
        message = "its rows were handed over in memory; give them again: pellucid.resume(run, data)"
        raise UsageError("CLI-DATA", message, place=Place(str(folder)))
    for leftover in (folder, folder / "checkpoints"):
        if leftover.is_dir():
            sweep(leftover)
    session = prepare(recipe, raw)
    session.decisions[:] = read_decisions(folder)
    if session.signature.fingerprint != identity["data"]:
        message = "the data changed since this run started"
        raise SchemaError("SCHEMA-FINGERPRINT", message, place=Place(str(recipe.data.path)), hint="start a new run")
    _check_exact(folder, identity["exactness"], facts(session), inexact=inexact)
    path, skipped = checkpoint.newest(folder)
    writer = Writer(folder)
    offset, step = 0, 0
    if path is not None:
        offset = int(checkpoint.restore(path, session.state)["record"])
        step = session.state.step
    elif skipped:
        raise ArtifactError("FILE-DAMAGED", f"no checkpoint is intact: {skipped[0]}", place=Place(str(folder)))
    for damaged in checkpoint.committed(folder):
        if int(damaged.name) > step or (path is None):
            remove_folder(damaged)
    _truncate(folder / "record.jsonl", offset)
    writer.offset = offset
    writer.journal("resumed", step=step, exact=not inexact, skipped=skipped)
    return session, writer


def _check_exact(folder: Path, then: dict[str, Any], now: dict[str, Any], *, inexact: bool) -> None:
    differing = [
        f"{name} was {then.get(name)} and is {now.get(name)}" for name in now if then.get(name) != now.get(name)
    ]
    if differing and not inexact:
        message = f"resuming here would not be exact: {'; '.join(differing)}"
        raise ResourceError(
            "DEVICE-INEXACT", message, place=Place(str(folder)), hint="--allow-inexact goes on and says so"
        )


def _truncate(path: Path, size: int) -> None:
    """Cuts the record to what the checkpoint knows.

    Raises: ArtifactError where it is shorter than that.
    """
    found = path.stat().st_size if path.exists() else 0
    if found < size:
        raise ArtifactError("FILE-RECORD", f"{found} bytes, and the checkpoint knows of {size}", place=Place(str(path)))
    if found > size:
        with path.open("rb+") as file:
            file.truncate(size)


def _write(path: Path, data: bytes) -> None:
    write_atomic(path, data if data.endswith(b"\n") else data + b"\n")
