"""Run folders, without torch: a new one, and what stands in one: identity, journal, decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pellucid.documents import read_json
from pellucid.errors import ArtifactError, Place, UsageError
from pellucid.plan import Decision
from pellucid.record import read_lines

FORMAT = "pellucid-run"
VERSION = (1, 0)
RUNS = Path("runs")


def run_name(path: str | None) -> str:
    """What runs over the data at `path` are called."""
    stem = Path(path).stem or Path(path).name if path else "memory"
    return "".join(char if char.isalnum() or char in "-_" else "-" for char in stem)[:40] or "run"


def next_folder(name: str, root: Path = RUNS) -> Path:
    """A new folder `root/<name>-NNNN`, made so that two processes never get the same one."""
    root.mkdir(parents=True, exist_ok=True)
    taken = [int(path.name[-4:]) for path in root.glob(f"{name}-[0-9][0-9][0-9][0-9]")]
    for number in range(max(taken, default=0) + 1, 10_000):
        folder = root / f"{name}-{number:04d}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise UsageError("CLI-RUN", "there are 9,999 runs of this name", place=Place(str(root)), hint="give --run DIR")


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
