"""The job of treating: from a run's finding to a changed recipe, and the proof that it is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pellucid.artifacts import verify_folder
from pellucid.code import Code
from pellucid.data.source import Raw
from pellucid.doctor import verify
from pellucid.doctor.run import diagnosed
from pellucid.doctor.treatment import Treatment, treatments
from pellucid.documents import read_file
from pellucid.errors import ArtifactError, Place, SchemaError, UsageError, did_you_mean
from pellucid.files import Lock, remove_folder
from pellucid.findings import Finding
from pellucid.recipe import Recipe, read_recipe
from pellucid.training import checkpoint, layout

TRIES = 3
"""Treatments of one finding that are tried."""


@dataclass
class Treated:
    """What can be done about a finding, and what came of it."""

    finding: Finding
    recipe: Recipe
    """The run's own, resolved."""
    options: list[tuple[Treatment, Recipe]]
    """In the order in which to try them."""
    verdicts: list[verify.Verdict] = field(default_factory=list)
    better: Recipe | None = None
    """The first recipe that was proved; where nothing was to be proved, the first of the options."""


def treat(
    run: Path | str,
    check: str | None = None,
    *,
    seeds: int = 0,
    every: bool = False,
    code: Code | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Treated:
    """Finds a cure for a finding of a run; with `seeds`, trains the recipe with and without it and compares.

    Args:
        check: the finding to treat; the first that can be treated where none is named.
        seeds: pairs of trainings for each treatment; 0 proves nothing.
        every: tries all treatments and ranks them, instead of ending at the first that is proved.
        tell: is called with each line worth showing while it takes its time.

    Raises: UsageError where there is nothing to treat.
    """
    folder = Path(run)
    layout.read_identity(folder)
    recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
    recipe = code.bind(recipe) if code else recipe
    treated = _chosen(folder, recipe, check)
    if not seeds:
        treated.better = treated.options[0][1]
        return treated
    with Lock(folder):
        _prove(folder, treated, treated.options if every else treated.options[:TRIES], seeds, tell, every=every)
    return treated


def _prove(
    folder: Path,
    treated: Treated,
    tries: list[tuple[Treatment, Recipe]],
    seeds: int,
    tell: Callable[[str], None],
    *,
    every: bool,
) -> None:
    """Trains with and without each option, until one is proved, or all of them; the best comes first then."""
    tell(_forecast(folder, seeds, len(tries)))
    trials = folder / "trials"
    if trials.exists():
        remove_folder(trials)
    raw = treated.recipe.data.read()
    before = _before(folder, treated.finding, treated.recipe, raw)
    controls: dict[Path | None, tuple[verify.Arm, ...]] = {}
    found: list[tuple[verify.Verdict, Recipe]] = []
    for number, (treatment, changed) in enumerate(tries, 1):
        start, kind = before if treatment.rolls_back else None, str(treatment.dump()["kind"])
        name = "control" if start is None else f"control-{int(start.name)}"
        sides = [] if start in controls else [verify.Side(treated.recipe, trials / name, start)]
        arms = verify.arms([*sides, verify.Side(changed, trials / kind, start)], raw, seeds, tell)
        if sides:
            controls[start] = _told(islice(arms, seeds), "as it was", seeds, tell)
        cure = _told(arms, f"treatment {number} of at most {len(tries)}, {kind}", seeds, tell)
        moved = changed.changes(treated.recipe)
        verdict = verify.verdict(treatment, moved, treated.finding, controls[start], cure)
        found.append((verdict, changed))
        tell(verify.said(verdict))
        if verdict.word != "not cured" and not every:
            break
    if every:
        found.sort(key=lambda one: (one[0].word == "not cured", -one[0].gain))
        tell(_ranked([verdict for verdict, _ in found]))
    treated.verdicts = [verdict for verdict, _ in found]
    treated.better = next((changed for verdict, changed in found if verdict.word != "not cured"), None)


def _ranked(verdicts: list[verify.Verdict]) -> str:
    """The treatments by what they gained, the best first."""
    lines = [f"  {one.treatment:<16} {one.word:<10} {one.judged} lower by {one.gain:.4g}" for one in verdicts]
    return "\n".join(["by measured effect:", *lines])


def _told(arms: Iterable[verify.Arm], what: str, seeds: int, tell: Callable[[str], None]) -> tuple[verify.Arm, ...]:
    """The arms, with a line for each as it ends."""
    found: list[verify.Arm] = []
    for arm in arms:
        found.append(arm)
        tell(f"  {what}: training {len(found)} of {seeds}, loss {arm.loss:.4g}")
    return tuple(found)


def _before(folder: Path, finding: Finding, recipe: Recipe, raw: Raw) -> Path | None:
    """The last intact checkpoint before a finding was first seen; None where there is none.

    Raises: SchemaError where the data changed since the run: its checkpoints and its finding are of other rows.
    """
    if recipe.data.inspect(raw).fingerprint != layout.read_identity(folder)["data"]:
        message = "the data changed since this run started"
        raise SchemaError("SCHEMA-FINGERPRINT", message, place=Place(str(recipe.data.path)), hint="train it anew first")
    steps = [path for path in checkpoint.committed(folder) if int(path.name) < (finding.step or 0)]
    return next((path for path in reversed(steps) if _intact(path)), None)


def _intact(path: Path) -> bool:
    try:
        verify_folder(path)
    except ArtifactError:
        return False
    return True


def changes(treated: Treated) -> str:
    """What the first option changes, and why."""
    treatment, changed = treated.options[0]
    return f"{verify.changed(changed.changes(treated.recipe))}: {treatment.reason}"


def _chosen(folder: Path, recipe: Recipe, check: str | None) -> Treated:
    found = [finding for finding in diagnosed(folder) if finding.severity != "info" or finding.check == check]
    named = [finding for finding in found if check in (None, finding.check)]
    if not named:
        message = f"no finding {check!r} here" if check else "nothing was found that needs a treatment"
        raise UsageError("CLI-FINDING", message, place=Place(str(folder)), hint=_hint(check, found, folder))
    for finding in named:
        if options := treatments(recipe, finding):
            return Treated(finding, recipe, options)
    checks = ", ".join(dict.fromkeys(finding.check for finding in named))
    message = f"no change of a recipe cures {checks}"
    hint = f"what each of them says to do: pellucid diagnose {folder}"
    raise UsageError("CLI-FINDING", message, place=Place(str(folder)), hint=hint)


def _hint(check: str | None, found: Iterable[Finding], folder: Path) -> str:
    kinds = list(dict.fromkeys(finding.check for finding in found))
    if check is None or not kinds:
        return f"pellucid diagnose {folder} says what is known"
    return did_you_mean(check, kinds)


def _forecast(folder: Path, seeds: int, tries: int) -> str:
    ended = [line["seconds"] for line in layout.journal(folder) if line["event"] == "finished"]
    what = f"{verify.pairs(seeds)} for {'one treatment' if tries == 1 else f'each of at most {tries} treatments'}"
    if not ended:
        return what
    least, most = (verify.time_of(sides * seeds * float(ended[-1])) for sides in (2, 1 + tries))
    return f"{what}: {least}" if least == most else f"{what}: {least} to {most}"
