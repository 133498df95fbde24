"""The plan: fills what a recipe left open. Every value it fills in states its reason and the source of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pellucid.data.signature import Target
from pellucid.data.source import Loaded
from pellucid.documents import Plain
from pellucid.errors import Place, RecipeError
from pellucid.forms import Form
from pellucid.metrics.catalogue import METRICS, metric
from pellucid.parts import kinds, load_kind
from pellucid.recipe import Recipe
from pellucid.tasks.task import Task


@dataclass(frozen=True)
class Decision:
    """One value that the plan filled in."""

    path: str
    value: Plain
    reason: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """The decision as plain values."""
        return {"path": self.path, "value": self.value, "reason": self.reason, "source": self.source}


OURS = "benchmarks/defaults.md"
"""Source of the defaults that were measured on the embedded data sets."""

SKIP = "arXiv:1301.3781"
STEPS = 2_000
"""Updates after which a small table has been learnt."""


class Planner:
    """Collects decisions while a recipe is completed."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.decisions: list[Decision] = []

    def fill(self, path: str, value: Any, reason: str, source: str = OURS) -> None:
        """Sets a top-level field, or one field of a Part in it, where it was not given."""
        name, _, inner = path.partition(".")
        part = getattr(self.recipe, name)
        if inner:
            if getattr(part, inner) is not None:
                return
            part = part.replace(**{inner: value})
            plain = part.dump().get(inner)
        elif part is None:
            part = value
            plain = part.dump().get("kind")
        else:
            return
        self.recipe = self.recipe.replace(**{name: part})
        self.decisions.append(Decision(path, plain, reason, source))


def resolve(recipe: Recipe, loaded: Loaded) -> tuple[Recipe, list[Decision]]:
    """The recipe with every value explicit, and what was filled in.

    Raises: RecipeError where task, loss or metric do not go with the target; it names what would.
    """
    planner = Planner(recipe)
    for name, (value, why) in loaded.chosen.items():
        planner.fill(f"data.{name}", value, why, "docs/data.md")
    target = loaded.signature.target
    assert target is not None
    _task(planner, target)
    _model(planner, loaded)
    planner.fill("start", _part("start", "scratch"), "no pretrained weights were named", "the default")
    _method(planner, loaded)
    _optimizer(planner, loaded)
    task = planner.recipe.task
    assert task is not None and task.metrics is not None
    reason = "the validation loss is smoother than any score that counts"
    planner.fill("stop.metric", "loss", reason, "Prechelt 1998")
    watched = planner.recipe.stop.metric
    answers = type(task).answers
    if watched is not None and watched != "loss" and answers not in metric(watched).targets:
        raise RecipeError("RECIPE-FIT", f"'{watched}' is no score of {answers}", place=Place(path="stop.metric"))
    if watched != "loss" and watched not in task.metrics:
        planner.recipe = planner.recipe.replace(task=task.replace(metrics=(*task.metrics, watched)))
    return planner.recipe, planner.decisions


def _part(field: str, kind: str, **values: Any) -> Any:
    from pellucid.families.family import Family
    from pellucid.methods.method import Method
    from pellucid.optim.optimizer import Optimizer, Schedule
    from pellucid.parts import concrete
    from pellucid.transfer.start import Start

    abstract = {"model": Family, "method": Method, "optimizer": Optimizer, "schedule": Schedule, "start": Start}
    return concrete(abstract.get(field, Task), {"kind": kind, **values})


def _task(planner: Planner, target: Target) -> None:
    fits = [kind for kind in kinds(Task) if target.kind in load_kind(Task, kind).targets]
    why = f"{target.why or f'the target is {target.kind}'}"
    planner.fill("task", _part("task", fits[0]), why, "the target column")
    task = planner.recipe.task
    assert task is not None
    if target.kind not in type(task).targets:
        raise RecipeError(
            "RECIPE-FIT",
            f"{task.dump()['kind']} does not go with a target of {target.kind} ({', '.join(target.names)})",
            place=Place(path="task"),
            hint=f"use task: {' or '.join(fits)}" + _as_numbers(target),
        )
    loss, scores = task.loss_for(target), task.metrics_for(target)
    planner.fill("task.loss", *loss)
    planner.fill("task.metrics", *scores)
    task = planner.recipe.task
    assert task is not None and task.loss is not None and task.metrics is not None
    asks, answers = task.asks(target), type(task).answers
    if asks not in type(task.loss).targets:
        raise RecipeError(
            "RECIPE-FIT",
            f"{task.loss.dump()['kind']} does not go with {asks}",
            place=Place(path="task.loss"),
            hint=f"use {loss.value}",
        )
    for name in task.metrics:
        if answers not in metric(name).targets:
            fits = [other for other in METRICS if answers in metric(other).targets]
            raise RecipeError(
                "RECIPE-FIT",
                f"'{name}' is no score of {answers}",
                place=Place(path="task.metrics"),
                hint=f"one of: {', '.join(fits)}",
            )


def _as_numbers(target: Target) -> str:
    return "; its classes are " + ", ".join(target.classes[:5]) if target.classes else ""


def _model(planner: Planner, loaded: Loaded) -> None:
    form, rows = loaded.dataset.form, loaded.share["train"]
    target = loaded.signature.target
    share = 0.0 if target is not None and target.kind == "values" else 0.3
    if form.kind == "sequence":
        if planner.recipe.model is None:
            _sequence_model(planner, form, rows, words=bool(loaded.dataset.categories))
    elif form.kind == "grid" and target is not None and target.kind == "mask":
        depth = max(1, min(4, min(form.extent).bit_length() - 3))
        model = _part("model", "unet", width=16, depth=depth)
        planner.fill("model", model, f"a class for every pixel of {form}", "Ronneberger et al. 2015, arXiv:1505.04597")
    elif form.kind == "grid" and min(form.extent) > 1:
        small = min(form.extent) < 16
        halvings = min(form.extent).bit_length() - 1
        channels = (32, 64, 128)[: min(halvings, 2 if min(form.extent) < 48 else 3)]
        model = _part("model", "cnn", channels=channels, convolutions=2 if small else 1, dropout=share)
        if form.frames > 1:
            model = _part("model", "frames", image=model, difference=True)
        planner.fill("model", model, f"the data is images of {form}", "LeCun et al. 1998")
    else:
        reason = "dropout against learning by heart" if share else "no dropout, which blurs predicted values"
        planner.fill("model", _part("model", "mlp", dropout=share), f"a table of {form.width} numbers; {reason}")
    model = planner.recipe.model
    assert model is not None
    if model.dump()["kind"] == "mlp":
        words = _asks_for_words(planner)
        widths = () if words else (64, 64) if rows < 1_000 else (128, 128) if rows < 20_000 else (256, 256)
        planner.fill("model.widths", widths, f"{rows:,} training rows")


def _sequence_model(planner: Planner, form: Form, rows: int, *, words: bool) -> None:
    """A Transformer where tokens are continued, recurrent layers where a sequence is read."""
    source = "docs/measurements.md"
    if _asks_for_words(planner):
        planner.fill("model", _part("model", "mlp", widths=()), "a vector for a word, another for its neighbours", SKIP)
    elif form.causal or (form.context is not None and form.context.causal):
        model = _part("model", "transformer", width=128 if rows < 100_000 else 256, depth=4 if form.causal else 2)
        planner.fill("model", model, f"what follows in {form} is asked; attention reaches every place before", source)
    elif form.context is not None:
        planner.fill("model", _part("model", "gru", width=64, dropout=0.1), f"the past is {form}", source)
    else:
        model = _part("model", "gru", width=64 if rows < 20_000 else 128, bidirectional=True, dropout=0.3)
        what = "words" if words else "numbers"
        planner.fill("model", model, f"sequences of {what} are read as a whole, from both ends", source)


def _asks_for_words(planner: Planner) -> bool:
    """Whether vectors of words are the aim, of which each step reaches only those in its rows."""
    task = planner.recipe.task
    return task is not None and type(task).answers == "neighbours"


def _method(planner: Planner, loaded: Loaded) -> None:
    rows = loaded.share["train"]
    planner.fill("method", _part("method", "supervised"), "rows with targets", "the default")
    batch = 32 if rows < 5_000 else 64 if rows < 20_000 else 128 if rows < 100_000 else 256
    reason = "small batches generalise at least as well"
    if _asks_for_words(planner):
        batch, reason = 8, "each row asks for the neighbours of a window of words"
    planner.fill("method.batch", min(batch, rows), f"{rows:,} training rows; {reason}", "arXiv:1804.07612")
    method = planner.recipe.method
    assert method is not None
    size = method.dump().get("batch")
    steps = -(-rows // (size if isinstance(size, int) else batch))
    if loaded.dataset.form.kind in ("grid", "sequence") and loaded.dataset.form.context is None:
        what = "images" if loaded.dataset.form.kind == "grid" else "sequences"
        epochs, reason = (30 if rows < 5_000 else 15), f"passes over {what}, each seen often enough"
    else:
        epochs = max(10, min(300, -(-STEPS // steps)))
        reason = f"about {STEPS:,} steps, {steps:,} an epoch"
    planner.fill("method.epochs", epochs, f"{reason}; the best epoch's weights are kept")


def _optimizer(planner: Planner, loaded: Loaded) -> None:
    planner.fill("optimizer", _part("optimizer", "adamw"), "works without tuning on most networks", "arXiv:1711.05101")
    optimizer = planner.recipe.optimizer
    assert optimizer is not None
    kind = str(optimizer.dump()["kind"])
    table = loaded.dataset.form.kind == "vector"
    what = {"vector": "tables", "grid": "images"}.get(loaded.dataset.form.kind, "sequences")
    adaptive = kind in ("adam", "adamw", "rmsprop")
    if adaptive:
        rate = 3e-3 if table and loaded.share["train"] < 20_000 else 1e-3
        rate = 1e-2 if _asks_for_words(planner) else rate
    else:
        rate = 1e-2 if kind == "adagrad" else 0.05
    planner.fill("optimizer.learning_rate", rate, f"a step of {kind} for {what} of this size")
    decay = (0.1 if table else 0.01) if kind == "adamw" else 0.0
    planner.fill("optimizer.weight_decay", decay, f"the pull of {kind} against weights grown for single rows")
    if what == "sequences":
        reason = "gradients through many positions can burst: no step is longer than 1"
        planner.fill("optimizer.clip", 1.0, reason, "arXiv:1211.5063")
    schedule = _part("schedule", "warmup", then="cosine")
    reason = "small steps first while the gradients settle, then ever smaller ones"
    planner.fill("optimizer.schedule", schedule, reason, "arXiv:1608.03983")
