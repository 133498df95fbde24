"""When training ends, and which weights are kept."""

from __future__ import annotations

import math

from pellucid.errors import TrainingError
from pellucid.metrics.catalogue import metric
from pellucid.recipe import Stop
from pellucid.record import Found
from pellucid.training.evaluate import Scores
from pellucid.training.state import State


def lower_is_better(stop: Stop, scores: Scores) -> float:
    """The watched score, turned so that lower is better; infinite where it is undefined."""
    watched = stop.metric or "loss"
    if watched == "loss":
        value = scores.loss
    else:
        value = scores.metrics[watched]
        value = -value if metric(watched).better == "higher" else value
    return value if math.isfinite(value) else math.inf


def note(state: State, score: float) -> bool:
    """Takes an evaluation in, keeps the weights if they are the best so far, and says whether they are."""
    state.scores.append((state.step, score))
    if state.best_score is None or score < state.best_score:
        state.keep_best(score)
        return True
    state.waited += 1
    return False


def reason(stop: Stop, state: State, train_loss: float) -> str | None:
    """Why training should end now, or None."""
    if stop.target is not None and train_loss <= stop.target:
        return "target"
    if stop.patience is not None and state.waited >= stop.patience:
        return "patience"
    return None


def found(event: Found) -> TrainingError:
    """The fault for a training that ends because of a finding."""
    message = f"step {event.step}: {event.finding['check']}: {event.finding['message']}"
    return TrainingError("TRAIN-FINDING", message, hint="pellucid resume goes on all the same")
