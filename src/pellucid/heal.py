"""The job of healing: trains a recipe; where something severe shows, stops, finds a cure, proves it, and trains on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pellucid import jobs, treat
from pellucid.code import Code
from pellucid.doctor.run import diagnosed
from pellucid.doctor.treatment import treatments
from pellucid.doctor.verify import Verdict, changed
from pellucid.documents import read_file
from pellucid.errors import PellucidError, TrainingError
from pellucid.files import remove_folder
from pellucid.findings import Finding
from pellucid.recipe import Recipe, read_recipe
from pellucid.record import Built, Event, Found
from pellucid.training import layout
from pellucid.training.run import Writer
from pellucid.training.session import Session

MOST = 3
"""Findings of one recipe that are treated."""


@dataclass(frozen=True)
class Try:
    """One finding that was treated, and what came of it."""

    run: Path
    """Where it showed."""
    finding: Finding
    verdicts: list[Verdict]
    """Of every treatment that was tried; the last one is the cure where there is one."""
    cured: bool

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        verdicts = [verdict.as_json() for verdict in self.verdicts]
        return {"run": str(self.run), "finding": self.finding.as_json(), "verdicts": verdicts, "cured": self.cured}

    def said(self) -> str:
        """What was changed and how it was proved, on one line."""
        if not self.cured:
            return f"{self.finding.check}: not cured by {', '.join(one.treatment for one in self.verdicts)}"
        verdict = self.verdicts[-1]
        return f"{self.finding.check}: {changed(verdict.changes)}; {verdict.word}: {verdict.why}"


@dataclass
class Healed:
    """How it ended."""

    folder: Path
    """The last run."""
    run: jobs.Run | None
    """It, where it came to its end."""
    fault: TrainingError | None = None
    """Why it did not."""
    tries: list[Try] = field(default_factory=list)

    @property
    def word(self) -> Literal["healthy", "healed", "not cured"]:
        """`healthy`: nothing severe was found; `healed`: not any more."""
        if self.run is None or any(finding.severity == "severe" for finding in self.run.findings):
            return "not cured"
        return "healed" if any(one.cured for one in self.tries) else "healthy"

    def as_json(self) -> dict[str, Any]:
        """What `train --heal --json` prints."""
        ended: dict[str, Any] = {"run": str(self.folder)} if self.run is None else self.run.as_json()
        if self.fault is not None:
            ended["error"] = self.fault.as_json()
        return ended | {"healing": {"word": self.word, "tries": [one.as_json() for one in self.tries]}}


def heal(
    recipe: Recipe,
    *,
    run: Path | str | None = None,
    code: Code | None = None,
    seeds: int = 3,
    written: str | None = None,
    watch: Callable[[], jobs.Watch] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Healed:
    """Trains a recipe; each severe finding that a change can cure is treated as soon as it shows, at most three.

    A run that is given up stays where it stopped, and the recipe of the next has the change that was proved.

    Args:
        seeds: pairs of trainings with and without each treatment.
        watch: makes what is shown every event of one training.
        tell: is called with each line worth showing while cures are tried.

    Raises: a PellucidError that has nothing to do with the health of the training.
    """
    name = layout.run_name(recipe.data.path)
    folder = layout.next_folder(name) if run is None else Path(run)
    tries: list[Try] = []
    begun = False
    while True:
        one = _Training(folder, tries, watch() if watch else lambda session, event: None, fresh=not begun)
        try:
            if begun:
                _note(folder, tries)
                result = jobs.resume(folder, code=code, watch=one)
            else:
                result = jobs.train(recipe, run=folder, code=code, written=None if tries else written, watch=one)
            return Healed(folder, result, tries=tries)
        except TrainingError as fault:
            finding = one.ended or _treatable(folder, tries)
            if finding is None:
                return Healed(folder, None, fault, tries)
        except PellucidError:
            if folder.exists() and not (folder / "run.json").exists():
                remove_folder(folder)
            raise
        tell(f"healing {len(tries) + 1} of at most {MOST}: {finding.check} in {folder}")
        treated = treat.treat(folder, finding.check, seeds=seeds, code=code, tell=tell)
        tries.append(Try(folder, finding, treated.verdicts, treated.better is not None))
        tell(tries[-1].said())
        begun = treated.better is None  # nothing helped: the run goes on as it was
        if treated.better is not None:
            recipe = treated.better
            folder = layout.next_folder(name) if run is None else layout.next_folder(Path(run).name, Path(run).parent)
        tell(f"training on in {folder}")


class _Training:
    """Watches one training, and ends it at a severe finding that can be treated and was not yet."""

    def __init__(self, folder: Path, tries: list[Try], shown: jobs.Watch, *, fresh: bool) -> None:
        self.folder, self.tries, self.shown, self.fresh = folder, tries, shown, fresh
        self.ended: Finding | None = None

    def __call__(self, session: Session, event: Event) -> bool:
        self.shown(session, event)
        if isinstance(event, Built) and self.fresh and self.tries:
            _note(self.folder, self.tries)
        if isinstance(event, Found) and _open(Finding(**event.finding), session.recipe, self.tries):
            self.ended = Finding(**event.finding)
        return self.ended is not None


def _note(folder: Path, tries: list[Try]) -> None:
    """Says in the journal of a run what was tried before it, so that its report can."""
    Writer(folder).journal("healing", of=str(tries[-1].run), tried=[one.said() for one in tries])


def _open(finding: Finding, recipe: Recipe, tries: list[Try]) -> bool:
    given_up = {one.finding.check for one in tries if not one.cured}
    fresh = len(tries) < MOST and finding.severity == "severe" and finding.check not in given_up
    return fresh and bool(treatments(recipe, finding))


def _treatable(folder: Path, tries: list[Try]) -> Finding | None:
    """What to treat of a training that failed by itself."""
    recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
    return next((finding for finding in diagnosed(folder) if _open(finding, recipe, tries)), None)
