"""What stands in a run folder, read without torch: identity, journal, decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pellucid.documents import read_json
from pellucid.errors import ArtifactError, Place, UsageError
from pellucid.plan import Decision
from pellucid.record import read_lines

FORMAT = "pellucid-run"
VERSION = (1, 0)


def read_identity(folder: Path) -> dict[str, Any]:
    """`run.json` of a run folder.

    Raises: UsageError where there is no run; ArtifactError where it is damaged or from a newer version.
    """
    path = folder / "run.json"
    if not path.exists():
        place = Place(str(folder))
        raise UsageError("CLI-RUN", "no run here: it has no run.json", place=place, hint="pellucid list shows the runs")
    value = read_json(path.read_bytes(), str(path))
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ArtifactError("FILE-FORMAT", "this is no Pellucid run", place=Place(str(path)))
    version = value.get("version")
    if not (isinstance(version, list) and version and version[0] == VERSION[0]):
        message = f"written by Pellucid {value.get('writer')} in format {version}; this is format {list(VERSION)}"
        raise ArtifactError("VERSION-RUN", message, place=Place(str(path)), hint="install that version of pellucid")
    return value


def read_decisions(folder: Path) -> list[Decision]:
    """What the plan filled in."""
    value = read_json((folder / "decisions.json").read_bytes(), str(folder / "decisions.json"))
    assert isinstance(value, list)
    return [Decision(**item) for item in value if isinstance(item, dict)]  # type: ignore[arg-type] # our own file


def journal(folder: Path) -> list[dict[str, Any]]:
    """The journal, as far as it was written."""
    path = folder / "journal.jsonl"
    return list(read_lines(path)) if path.exists() else []
