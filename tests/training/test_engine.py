from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pellucid import devices
from pellucid.errors import RecipeError, ResourceError
from pellucid.training import engine
from pellucid.training.session import Session

Make = Callable[..., Session]


def said(session: Session) -> dict[str, object]:
    return {decision.path: decision.value for decision in session.decisions}


def test_every_choice_is_explicit_and_has_a_reason(make: Make):
    session = make("classes", {"threads": None, "precision": "auto"})
    recipe = session.recipe
    assert recipe.device in ("cpu", devices.machine().accelerator)
    assert recipe.threads == 1, "a small step takes one thread"
    assert recipe.precision == "float32", "small layers do not take bfloat16"
    assert recipe.layout == "contiguous"
    assert recipe.evaluate.every == session.per_epoch
    assert recipe.checkpoint.every is not None and recipe.checkpoint.every % session.per_epoch == 0
    chosen = said(session)
    assert {"device", "threads", "layout", "precision", "evaluate.every", "checkpoint.every"} <= chosen.keys()
    assert all(decision.reason and decision.source for decision in session.decisions)


def test_what_a_recipe_says_is_obeyed(make: Make):
    given = {"device": "cpu", "threads": 2, "layout": "contiguous", "evaluate.every": 3, "checkpoint.every": 2}
    session = make("digits", {**given, "model": {"kind": "cnn", "channels": [4], "hidden": []}})
    recipe = session.recipe
    found = (recipe.device, recipe.threads, recipe.layout, recipe.evaluate.every, recipe.checkpoint.every)
    assert found == tuple(given.values())
    assert not given.keys() & said(session).keys()


def test_convolutions_take_channels_last(make: Make):
    session = make("digits", {"model": {"kind": "cnn", "channels": [4], "hidden": []}})
    assert session.recipe.layout == "channels_last"
    rows = session.dataset.train.input
    assert isinstance(rows, torch.Tensor) and rows.is_contiguous(memory_format=torch.channels_last)


def test_few_maps_before_a_strided_convolution_of_one_pixel_keep_them_contiguous(make: Make):
    tiny: dict[str, object] = {"model": {"kind": "resnet", "width": 2}}
    assert make("digits", tiny).recipe.layout == "contiguous"
    assert make("digits", {"model": {"kind": "resnet", "width": 8}}).recipe.layout == "channels_last"
    with pytest.raises(RecipeError) as fault:
        make("digits", {**tiny, "layout": "channels_last"})
    assert fault.value.place.path == "layout"


def test_a_large_step_takes_all_cores(make: Make):
    session = make("classes", {"threads": None, "model.widths": [2000, 2000], "method.batch": 80})
    assert engine.step_work(session.layers, 80) > engine.SMALL_WORK
    assert session.recipe.threads == devices.machine().cores


def test_the_work_of_a_step_is_counted(make: Make):
    session = make("classes", {"model.widths": [10]})
    multiplications = 4 * 10 + 10 * 3
    assert engine.step_work(session.layers, 7) == pytest.approx(6 * 7 * multiplications, rel=0.2)


def test_a_long_epoch_is_committed_more_often(make: Make):
    session = make("classes", {"method.batch": 1})
    recipe = session.recipe.replace(checkpoint=session.recipe.checkpoint.replace(every=None))
    work = engine.LONGEST * engine.SLOW_RATE / 10
    decided = engine._cadence(recipe, [], work, per_epoch=session.per_epoch)
    assert decided.checkpoint.every in (9, 10) and session.per_epoch > 10


def test_probes_take_about_a_hundredth_of_the_time(make: Make):
    short = make("classes", {"method.epochs": 2})
    assert short.recipe.probes.every == max(1, short.steps // engine.FEWEST)
    long = make("classes", {"method.epochs": 3000})
    chosen = {decision.path: decision for decision in long.decisions}["probes.every"]
    assert chosen.value == long.recipe.probes.every and "1% of the time" in chosen.reason
    params = list(long.state.network.parameters())
    cost = engine.READ_LAYER * len(long.layers) + engine.READ_TENSOR * len(params)
    assert long.recipe.probes.every >= cost / (engine.BUDGET * engine.STEP_SECONDS) * 0.9
    heavy = make("classes", {"method.epochs": 3000, "model.widths": [2000, 2000], "method.batch": 80})
    assert engine.SELDOM[0] <= (heavy.recipe.probes.every or 0) <= engine.SELDOM[1]
    assert make("classes", {"probes.every": 0}).recipe.probes.every == 0


def test_a_device_that_is_not_there_is_refused(make: Make):
    missing = "mps" if devices.machine().accelerator != "mps" else "cuda"
    with pytest.raises(ResourceError, match=f"no {missing} device"):
        make("classes", {"device": missing})
