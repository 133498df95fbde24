from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pellucid.errors import RecipeError
from pellucid.training.session import Session, facts

Make = Callable[..., Session]


def test_balanced_classes_weigh_the_same_together(make: Make):
    session = make("classes", {"task": {"kind": "classification", "class_weight": "balanced"}})
    train = session.dataset.train
    assert train.target is not None and train.weight_B is not None
    sums = [float(train.weight_B[train.target == code].sum()) for code in range(3)]
    assert sums == pytest.approx([len(train) / 3] * 3, rel=1e-5)
    valid = session.dataset.valid
    assert valid.weight_B is not None and valid.target is not None
    for code in range(3):
        assert set(valid.weight_B[valid.target == code].tolist()) <= set(train.weight_B[train.target == code].tolist())


def test_named_classes_multiply_the_weights_of_the_rows(make: Make):
    plain = make("classes", weights=True).dataset.train
    settings = {"task": {"kind": "classification", "class_weight": {"b": 5.0}}}
    heavy = make("classes", settings, weights=True).dataset.train
    assert plain.weight_B is not None and heavy.weight_B is not None and heavy.target is not None
    factor_B = torch.where(heavy.target == 1, 5.0, 1.0)
    assert torch.allclose(heavy.weight_B, plain.weight_B * factor_B)


def test_a_class_that_is_none_is_refused_with_the_nearest(make: Make):
    settings = {"task": {"kind": "classification", "class_weight": {"setsa": 2.0}}}
    with pytest.raises(RecipeError, match="no class 'setsa'") as caught:
        make("iris", settings)
    assert "setosa" in str(caught.value.hint)


def test_two_sessions_of_a_recipe_are_equal(make: Make):
    one, two = make("penguins"), make("penguins")
    assert one.recipe == two.recipe and one.decisions == two.decisions
    weights = zip(one.state.network.parameters(), two.state.network.parameters(), strict=True)
    assert all(torch.equal(first, second) for first, second in weights)
    other = make("penguins", {"seed": 1}).state.network.parameters()
    pairs = zip(one.state.network.parameters(), other, strict=True)
    assert any(not torch.equal(first, second) for first, second in pairs)


def test_a_resolved_recipe_gives_the_same_session(make: Make):
    from pellucid.training.session import prepare

    one = make("iris", {"precision": "auto"})
    two = prepare(one.recipe)
    assert two.recipe == one.recipe and not two.decisions
    assert two.recipe.hash == one.recipe.hash


@pytest.mark.parametrize("batch, accumulate, per_epoch", [(1, 1, 82), (16, 1, 6), (16, 4, 2), (81, 1, 1), (500, 1, 1)])
def test_steps_of_an_epoch(batch: int, accumulate: int, per_epoch: int, make: Make):
    session = make("classes", {"method.batch": batch, "method.accumulate": accumulate, "method.epochs": 3})
    assert (session.per_epoch, session.steps) == (per_epoch, 3 * per_epoch)
    assert sum(len(drawn) for drawn in next(iter(session.phases())).batches.batches(0, 0)) == 82


def test_facts_name_what_the_bits_rest_on(make: Make):
    found = facts(make())
    assert {"torch", "capability", "processor", "system", "device", "threads", "precision", "layout"} == found.keys()
    assert found["torch"] == torch.__version__.split("+")[0] and found["threads"] == 1
