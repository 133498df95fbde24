"""The run folder: what identifies a run, written once; how it is opened again, and when resuming it is exact."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pellucid
from pellucid.data.source import Raw
from pellucid.documents import canonical_json, read_file, write_yaml
from pellucid.errors import ArtifactError, Place, ResourceError, SchemaError, UsageError
from pellucid.files import remove_folder, sweep, write_atomic
from pellucid.findings import Finding
from pellucid.plan import Decision
from pellucid.recipe import read_recipe
from pellucid.training import checkpoint
from pellucid.training.layout import FORMAT, VERSION, read_decisions, read_identity
from pellucid.training.run import Writer
from pellucid.training.session import Session, facts, prepare


def create(folder: Path, session: Session, written: str | None, code: str = "") -> Writer:
    """Makes a run folder out of an empty one; the caller holds its lock. `code` is the hash of a person's own code."""
    if (folder / "run.json").exists():
        place = Place(str(folder))
        raise UsageError(
            "CLI-RUN", "there is a run here already", place=place, hint=f"pellucid resume {folder}, or another --run"
        )
    sweep(folder)
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
        "vocabulary": _vocabulary(session),
        "exactness": _exactness(session, code),
    }
    # last, so that a folder with a run.json is a whole one
    _write(folder / "run.json", canonical_json(identity))
    writer = Writer(folder)
    writer.journal("started", steps=session.steps)
    return writer


def comments(decisions: list[Decision]) -> dict[str, str]:
    """What the lock says beside each planned value."""
    return {decision.path: f"{decision.reason} [{decision.source}]" for decision in decisions}


def reopen(
    folder: Path, raw: Raw | None = None, *, inexact: bool = False, bind: Any = None, code: str = ""
) -> tuple[Session, Writer]:
    """The session of a run as its newest intact checkpoint left it, with the record cut to that point.

    Raises: what `restored` raises.
    """
    session, offset, skipped = restored(folder, raw, inexact=inexact, bind=bind, code=code)
    for leftover in (folder, folder / "checkpoints"):
        sweep(leftover)
    step = session.state.step
    for damaged in checkpoint.committed(folder):
        if int(damaged.name) > step:
            remove_folder(damaged)
    if step:
        checkpoint.tidy(folder, session.state)
    _truncate(folder / "record.jsonl", offset)
    _mend(folder / "journal.jsonl")
    writer = Writer(folder, offset)
    for sentence in skipped:
        evidence: dict[str, float | int | str] = {"step": step}
        message = f"A damaged checkpoint was passed over: {sentence}; the run went on from step {step}."
        advice = "Look at the disk; the result is not touched by it."
        writer.findings.append(Finding("damaged-checkpoint", "warning", message, str(folder), evidence, advice))
    writer.journal("resumed", step=step, exact=not inexact, skipped=skipped)
    return session, writer


def restored(
    folder: Path, raw: Raw | None = None, *, inexact: bool = False, bind: Any = None, code: str = ""
) -> tuple[Session, int, list[str]]:
    """The session of a run, the bytes of its record and the damaged checkpoints passed over; nothing is written.

    Raises: ArtifactError where nothing intact is left or the recipe changed; SchemaError where the data changed;
    ResourceError where machine, versions or code differ so that the result would not be exact (`inexact` goes on).
    """
    identity = read_identity(folder)
    recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
    if recipe.hash not in (identity["recipe"], identity.get("lengthened")) and not inexact:
        place = Place(str(folder / "recipe.lock.yaml"))
        hint = "train the changed recipe in a new run, or --allow-inexact"
        raise ArtifactError("FILE-MISMATCH", "the recipe changed since this run started", place=place, hint=hint)
    if bind is not None:
        recipe = bind(recipe)
    if recipe.data.path is None and raw is None:
        message = "its rows were handed over in memory; give them again: pellucid.resume(run, data)"
        raise UsageError("CLI-DATA", message, place=Place(str(folder)))
    session = prepare(recipe, raw)
    session.decisions[:] = read_decisions(folder)
    if session.signature.fingerprint != identity["data"]:
        message = "the data changed since this run started"
        raise SchemaError("SCHEMA-FINGERPRINT", message, place=Place(str(recipe.data.path)), hint="start a new run")
    if _vocabulary(session) != identity.get("vocabulary"):
        message = "the vocabulary that the training texts give here is not the one of this run"
        hint = "install the version of the package tokenizers that it was made with"
        raise ResourceError("DEVICE-INEXACT", message, place=Place(str(folder)), hint=hint)
    _check_exact(folder, identity["exactness"], _exactness(session, code), inexact=inexact)
    path, skipped = checkpoint.newest(folder)
    if path is None and skipped:
        raise ArtifactError("FILE-DAMAGED", f"no checkpoint is intact: {skipped[0]}", place=Place(str(folder)))
    offset = 0 if path is None else int(checkpoint.restore(path, session.state)["record"])
    return session, offset, skipped


def lengthen(folder: Path, session: Session) -> None:
    """Makes the epochs of `session` those of the run, also for a later resume; a run that had done all goes on.

    Raises: UsageError where the run is past them already.
    """
    state = session.state
    if state.step > session.steps:
        message = f"step {state.step} is past the {session.steps} steps of so many epochs"
        raise UsageError("CLI-EPOCHS", message, place=Place(str(folder)))
    # the identity first: until the lock follows, it allows both
    _write(folder / "run.json", canonical_json({**read_identity(folder), "lengthened": session.recipe.hash}))
    _write(folder / "recipe.lock.yaml", write_yaml(session.recipe.dump(), comments(session.decisions)).encode())
    Writer(folder).journal("lengthened", steps=session.steps)
    if state.stopped == "epochs" and state.step < session.steps:
        state.stopped = None


def _vocabulary(session: Session) -> str | None:
    """The SHA-256 of the vocabularies; None where there are none."""
    known = session.signature.vocabulary
    return sha256(canonical_json(known)).hexdigest() if known else None


def _exactness(session: Session, code: str) -> dict[str, Any]:
    return {**facts(session), "code": code} if code else facts(session)


def _check_exact(folder: Path, then: dict[str, Any], now: dict[str, Any], *, inexact: bool) -> None:
    differing = [
        f"{name} was {then.get(name)} and is {now.get(name)}"
        for name in dict.fromkeys((*now, *then))
        if then.get(name) != now.get(name)
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


def _mend(path: Path) -> None:
    """Cuts off a last line that a killed writer did not end, so that the next one starts on its own."""
    data = path.read_bytes() if path.exists() else b""
    if data and not data.endswith(b"\n"):
        _truncate(path, data.rfind(b"\n") + 1)


def _write(path: Path, data: bytes) -> None:
    write_atomic(path, data if data.endswith(b"\n") else data + b"\n")
