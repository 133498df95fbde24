"""One function for each verb: what the command line, Python and scikit-learn's face all call.

The rooms that only one verb needs (report, explain) are imported by that verb: training should not wait for them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.code import Code
from pellucid.doctor import run as doctor
from pellucid.doctor.live import Live
from pellucid.doctor.range import largest_rate as largest_rate
from pellucid.documents import read_file
from pellucid.errors import PellucidError, Place, UsageError
from pellucid.files import Lock, refuse, remove_folder, write_atomic
from pellucid.findings import Finding
from pellucid.recipe import Recipe, read_recipe
from pellucid.record import Evaluated, Event, Found, Stopped, Tested, defined
from pellucid.ship import bundle
from pellucid.ship.bundle import from_bytes as from_bytes
from pellucid.ship.bundle import to_bytes as to_bytes
from pellucid.ship.decoding import decoded as decoded
from pellucid.ship.output import as_csv as as_csv
from pellucid.ship.output import as_text as as_text
from pellucid.ship.output import write_predictions as write_predictions
from pellucid.ship.output import write_text as write_text
from pellucid.ship.predictor import Predictions
from pellucid.ship.predictor import predict as predict_model
from pellucid.training import evaluate, layout, stop
from pellucid.training import folder as folders
from pellucid.training.cheaper import WITHIN as WITHIN
from pellucid.training.cheaper import Offer as Offer
from pellucid.training.cheaper import cheaper as cheaper
from pellucid.training.cheaper import too_costly as too_costly
from pellucid.training.forecast import Forecast, forecast
from pellucid.training.replay import Replayed as Replayed
from pellucid.training.replay import replay as replay
from pellucid.training.run import Signals, Writer, events, restore_best
from pellucid.training.session import Session, prepare

if TYPE_CHECKING:
    from pellucid.ship.chat import Chat
    from pellucid.ship.generation import Text

Watch = Callable[[Session, Event], object]
"""Sees every event of a training and cannot change it; where it answers a finding with True, the training ends."""


@dataclass
class Run:
    """A training that ended: where it is, its scores, and its model."""

    folder: Path | None
    recipe: Recipe
    model: bundle.Model
    metrics: dict[str, dict[str, float]]
    """Part (train, valid, test) -> metric -> score; `loss` is among them."""
    seconds: float
    examples_per_second: float
    findings: list[Finding] = field(default_factory=list)
    report: Path | None = None

    def predict(self, source: Any = None, horizon: int | None = None) -> Predictions:
        """Predicts a path, a frame, arrays of images or texts; forecasts `horizon` rows, from its own data on."""
        return predict_model(self.model, source, horizon)

    def as_json(self) -> dict[str, Any]:
        """What `train --json` prints."""
        return {
            "run": None if self.folder is None else str(self.folder),
            "metrics": defined(self.metrics),
            "examples_per_second": round(self.examples_per_second, 1),
            "seconds": round(self.seconds, 3),
            "findings": [finding.as_json() for finding in self.findings],
            "report": None if self.report is None else str(self.report),
        }


def train(
    recipe: Recipe,
    *,
    run: Path | str | None = None,
    rows: Any = None,
    code: Code | None = None,
    report: bool = True,
    written: str | None = None,
    watch: Watch | None = None,
) -> Run:
    """Trains a recipe in the folder `run` (a new one under `runs/` where none is given).

    Args:
        rows: data in memory (a pandas or polars frame, or a mapping of columns) instead of `recipe.data.path`.
        code: a person's own modules and functions, for `foreign` and `own`.
        report: whether `report.html` is written.
        written: the recipe as the person wrote it, kept beside the resolved one.
        watch: called with every event; it sees and cannot change. A finding it answers with True ends the training.

    Raises: a PellucidError; what can be known before the first step is raised before it. TrainingError TRAIN-FINDING
    where `watch` ended it.
    """
    made = run is None or not Path(run).exists()
    folder = layout.next_folder(layout.run_name(recipe.data.path)) if run is None else Path(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        refuse(fault, folder)
    with Lock(folder):
        try:
            bound = code.bind(recipe) if code else recipe
            session = prepare(bound, None if rows is None else bound.data.read_rows(rows))
            writer = folders.create(folder, session, written, code.hash if code else "")
        except (PellucidError, KeyboardInterrupt):
            if made:
                remove_folder(folder)
            raise
        return _finish(session, writer, report=report, watch=watch, live=Live(session))


def resume(
    run: Path | str,
    *,
    rows: Any = None,
    code: Code | None = None,
    epochs: int | None = None,
    inexact: bool = False,
    report: bool = True,
    watch: Watch | None = None,
) -> Run:
    """Goes on with a run from its newest intact checkpoint, bit for bit as if it had never stopped."""
    folder = Path(run)
    layout.read_identity(folder)
    with Lock(folder):
        bind = code.bind if code else None
        if epochs is not None:
            bind = _longer(epochs, bind)
        recipe = read_recipe(read_file(folder / "recipe.lock.yaml"))
        raw = None if rows is None else recipe.data.read_rows(rows)
        known = code.hash if code else ""
        session, writer = folders.reopen(folder, raw, inexact=inexact, bind=bind, code=known)
        if epochs is not None:
            folders.lengthen(folder, session)
        live = Live(session)
        live.go_on(folder)
        return _finish(session, writer, report=report, watch=watch, live=live)


def steps(recipe: Recipe, *, rows: Any = None, code: Code | None = None) -> Iterator[Event]:
    """Trains without a folder and yields every event; leaving the loop ends the training."""
    recipe = code.bind(recipe) if code else recipe
    session = prepare(recipe, None if rows is None else recipe.data.read_rows(rows))
    yield from events(session, Writer(None), examine=Live(session))


def fit(recipe: Recipe, rows: Any, *, code: Code | None = None, run: Path | None = None) -> tuple[Run, list[float]]:
    """Trains rows in memory without writing anything (unless `run` is given); the run and its loss by evaluation."""
    curve: list[float] = []

    def note(session: Session, event: Event) -> None:
        if isinstance(event, Evaluated):
            curve.append(event.train_loss)

    if run is not None:
        return train(recipe, run=run, rows=rows, code=code, watch=note), curve
    recipe = code.bind(recipe) if code else recipe
    session = prepare(recipe, recipe.data.read_rows(rows))
    return _finish(session, Writer(None), report=False, watch=note), curve


def _finish(session: Session, writer: Writer, *, report: bool, watch: Watch | None, live: Live | None = None) -> Run:
    """Trains to the end, then writes the model and the report; a signal stops it between these as well."""
    signals = Signals()
    with signals.listening():
        result = _trained(session, writer, signals, watch, live)
        signals.check(writer, session.state.step)
        if writer.folder is not None and report:
            times = (result.seconds, result.examples_per_second)
            result.report = write_report(session, writer.folder, times, live.last if live else None)
    return result


def _trained(session: Session, writer: Writer, signals: Signals, watch: Watch | None, live: Live | None) -> Run:
    """Trains to the end, then writes the model."""
    began, before = time.perf_counter(), session.state.step
    metrics: dict[str, dict[str, float]] = {}
    trained = None
    stream = events(session, writer, signals, live or (lambda event: ()))
    for event in stream:
        if isinstance(event, Stopped | Tested):
            trained = trained or time.perf_counter()  # scoring the parts is no training
        if isinstance(event, Tested):
            metrics[event.part] = {"loss": event.loss, **event.metrics}
        if watch is not None and watch(session, event) and isinstance(event, Found):
            stream.throw(stop.found(event))
    for check, trace in live.faults.items() if live else ():
        writer.journal("doctor-failed", check=check, message=trace.strip().rpartition("\n")[2])
    signals.check(writer, session.state.step)
    seconds = (trained or time.perf_counter()) - began
    rows = (session.state.step - before) * len(session.dataset.train) / max(session.per_epoch, 1)
    speed = rows / seconds if seconds > 0 else 0.0
    recipe, folder = session.recipe, writer.folder
    model = bundle.of_session(session)
    result = Run(folder, recipe, model, metrics, seconds, speed, [*session.signature.findings, *writer.findings])
    if folder is not None:
        if (folder / "model").exists():
            remove_folder(folder / "model")
        bundle.save(model, folder / "model", {"metrics": defined(metrics)}, folders.comments(session.decisions))
        writer.journal("finished", seconds=round(seconds, 3), examples_per_second=round(speed, 1))
        result.findings = [*doctor.findings(folder, own=live.last if live else None), *writer.findings]
    return result


def write_report(
    session: Session, folder: Path, times: tuple[float, float], found: list[Finding] | None = None
) -> Path:
    """Writes `report.json` and `report.html` of a finished session: seconds, examples a second, what was found."""
    from pellucid.report import html
    from pellucid.report.build import build
    from pellucid.report.collect import collect

    findings = [finding.as_json() for finding in (doctor.diagnosed(folder) if found is None else found)]
    report = build(collect(session, folder, seconds=times[0], speed=times[1], findings=findings))
    write_atomic(folder / "report.json", json.dumps(report, allow_nan=False).encode() + b"\n")
    write_atomic(folder / "report.html", html.render(report).encode())
    return folder / "report.html"


def report(run: Path | str, *, code: Code | None = None) -> Path:
    """The path of a run's report; it is made where the run was trained without one."""
    folder = Path(run)
    layout.read_identity(folder)
    path = folder / "report.html"
    if path.exists():
        return path
    session = finished(folder, code)
    ended = [line for line in layout.journal(folder) if line["event"] == "finished"]
    last = ended[-1] if ended else {"seconds": 0.0, "examples_per_second": 0.0}
    return write_report(session, folder, (last["seconds"], last["examples_per_second"]))


def load(path: Path | str, code: Code | None = None) -> Loaded:
    """The model of a run or of a model folder, verified byte by byte."""
    folder = Path(path)
    inner = folder / "model" if (folder / "run.json").exists() else folder
    if not any((inner / name).exists() for name in ("MANIFEST.json", "model.json")):
        if (folder / "run.json").exists():
            message, hint = "this run is not finished: it has no model yet", f"pellucid resume {folder}"
        else:
            message, hint = "no run and no model here", "pellucid list shows the runs"
        raise UsageError("CLI-MODEL", message, place=Place(str(folder)), hint=hint)
    return Loaded(bundle.load(inner, code.bind if code else None))


def new(recipe: Recipe) -> tuple[str, list[Finding]]:
    """A commented recipe for data, and what looked dangerous in it; the data is read and nothing is trained."""
    from pellucid.report import draft

    session = prepare(recipe)
    return draft.write(session), list(session.signature.findings)


def walk(
    run: Path | str, *, row: int = 0, layer: str | None = None, unit: int | None = None, code: Code | None = None
) -> tuple[dict[str, Any], str]:
    """One row of a run's data through its network, layer by layer; as plain values and as text."""
    from pellucid.explain import walkthrough

    session = finished(Path(run), code)
    walked = walkthrough.walk(session, row, layer=layer, unit=unit)
    return walked, walkthrough.text(walked)


def twin(run: Path | str, *, code: Code | None = None) -> str:
    """The network of a finished run as a NumPy program."""
    from pellucid.explain import twin as twins

    session = finished(Path(run), code)
    return twins.program(session)


def generate(
    run: Path | str | Run | Loaded,
    prompt: str = "",
    *,
    length: int = 200,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 0.9,
    repetition: float = 1.0,
    seed: int = 0,
) -> Text:
    """What a language model writes after `prompt`, piece by piece; of a translation, the sentence it makes of it.

    Args:
        length: tokens to write, at most.
        temperature: below 1 the probable becomes more so; 0 always takes the most probable token.
        top_k: how many of the most probable tokens are drawn from; None: all.
        top_p: the smallest set of most probable tokens with this much probability is drawn from.
        repetition: above 1, tokens that stand there already become less probable.
        seed: the same seed writes the same text.

    Raises: UsageError where the run writes no text, or a value is out of range.
    """
    from pellucid.ship import generation

    how = generation.Sampling(temperature, top_k or 0, top_p, repetition)
    model = run.model if isinstance(run, Run | Loaded) else load(run).model
    return generation.write(model, prompt, how, length=length, seed=seed)


def words(
    run: Path | str, word: str | None = None, *, analogy: str | None = None, near: int = 10, code: Code | None = None
) -> list[dict[str, Any]]:
    """The words nearest to one, or what is to the third word of an analogy as the second to the first.

    Raises: UsageError where the run knows no words, or not this one.
    """
    from pellucid.explain import words as learnt

    model = load(run, code).model
    return learnt.told(model.network, model.signature, word, analogy, near)


def chat(run: Path | str, *, code: Code | None = None) -> Chat:
    """What answers questions, by a finished run that was trained on pairs of questions and answers.

    Raises: UsageError where the run is another one; SchemaError where its data changed.
    """
    from pellucid.ship.chat import Chat

    session = finished(Path(run), code)
    return Chat(bundle.of_session(session), session)


def finished(folder: Path, code: Code | None = None) -> Session:
    """The session of a finished run, with the kept weights in its network.

    Raises: UsageError where the run is not finished.
    """
    layout.read_identity(folder)
    with Lock(folder):
        session, _, _ = folders.restored(folder, inexact=True, bind=code.bind if code else None)
    if session.state.stopped is None:
        raise UsageError(
            "CLI-RUN", "this run is not finished", place=Place(str(folder)), hint=f"pellucid resume {folder}"
        )
    restore_best(session)
    return session


@dataclass
class Loaded:
    """A model from disk."""

    model: bundle.Model

    def predict(self, source: Any = None, horizon: int | None = None) -> Predictions:
        """Predicts a path, a frame, arrays of images or texts; forecasts `horizon` rows, from its own data on.

        Raises: SchemaError naming what does not fit.
        """
        return predict_model(self.model, source, horizon)

    def evaluate(self, source: Any) -> dict[str, float]:
        """Scores labelled rows with the metrics of the task."""
        model, task = self.model, self.model.recipe.task
        assert task is not None and task.metrics is not None
        raw = model.recipe.data.read_new(source, model.signature, labelled=True)
        batch = model.preparation.apply(raw, model.signature)
        scores = evaluate.judged(
            model.network,
            batch,
            task,
            signature=model.signature,
            scale=model.preparation.scale,
            precision=model.recipe.precision,
        )
        return {"loss": scores.loss, **scores.metrics}


def check(recipe: Recipe, *, code: Code | None = None, measure: bool = True) -> tuple[Session, Forecast | None]:
    """Everything that can be known before training: the network, the plan, and what it will cost."""
    session = prepare(code.bind(recipe) if code else recipe)
    return session, forecast(session) if measure else None


def _longer(epochs: int, bind: Callable[[Recipe], Recipe] | None) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        assert recipe.method is not None
        recipe = recipe.replace(method=recipe.method.replace(epochs=epochs))
        return bind(recipe) if bind else recipe

    return change
