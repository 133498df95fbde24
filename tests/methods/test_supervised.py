"""Supervised learning: batches as a function of seed, epoch and position."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.data.augmenting import Noise
from pellucid.data.batch import Batch, Dataset
from pellucid.data.signature import Signature, Target
from pellucid.errors import RecipeError
from pellucid.families.lstm import LSTM
from pellucid.families.mlp import MLP
from pellucid.forms import sequence, vector
from pellucid.losses.parts import CrossEntropy
from pellucid.methods import supervised
from pellucid.methods.supervised import Lanes, Shuffled, Supervised
from pellucid.network.assemble import Network, assemble
from pellucid.tasks.classification import Classification

SIGNATURE = Signature("table", "memory", 10, "", Target("classes", ("y",), ("a", "b", "c")))
TASK = Classification(loss=CrossEntropy())


def data(rows: int) -> Dataset:
    x_BD = torch.arange(rows, dtype=torch.float32)[:, None].repeat(1, 2)
    part = Batch(x_BD, torch.arange(rows) % 3, row_B=torch.arange(rows))
    return Dataset(part, part, part, vector(2))


def network(norm: str = "none") -> Network:
    family = MLP.model_validate({"widths": [4], "norm": norm})
    return assemble(vector(2), (), signature=SIGNATURE, family=family, task=TASK, seed=0)


def order(stream: Shuffled, epoch: int, start: int = 0) -> list[list[int]]:
    return [batch.row_B.tolist() for batch in stream.batches(epoch, start) if batch.row_B is not None]


def test_every_row_comes_once_an_epoch_with_its_own_target():
    for batch in Shuffled(data(10), 4, 0).batches(0, 0):
        assert batch.target is not None and batch.row_B is not None and isinstance(batch.input, torch.Tensor)
        assert torch.equal(batch.target, batch.row_B % 3) and torch.equal(batch.input[:, 0], batch.row_B.float())
    rows = [row for batch in order(Shuffled(data(10), 4, 0), 0) for row in batch]
    assert sorted(rows) == list(range(10))


def test_the_order_is_a_function_of_seed_and_epoch():
    torch.manual_seed(1)
    first = order(Shuffled(data(10), 4, 0), 3)
    torch.manual_seed(2)
    assert order(Shuffled(data(10), 4, 0), 3) == first
    assert order(Shuffled(data(10), 4, 0), 4) != first
    assert order(Shuffled(data(10), 4, 1), 3) != first


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_an_epoch_goes_on_from_the_middle(start: int, monkeypatch: pytest.MonkeyPatch):
    stream = Shuffled(data(11), 4, 0)
    assert order(stream, 2, start) == order(stream, 2)[start:]
    whole = order(stream, 2)
    monkeypatch.setattr(supervised, "LARGEST_COPY", 0)
    assert order(stream, 2) == whole


@pytest.mark.parametrize(
    ("rows", "size", "sizes"),
    [(9, 4, [4, 5]), (8, 4, [4, 4]), (10, 4, [4, 4, 2]), (3, 1, [1, 1, 1]), (3, 2, [3]), (3, 9, [3]), (1, 4, [1])],
)
def test_a_last_batch_of_one_row_joins_the_one_before(rows: int, size: int, sizes: list[int]):
    stream = Shuffled(data(rows), size, 0)
    assert [len(batch) for batch in order(stream, 0)] == sizes
    assert stream.steps_per_epoch == len(sizes)


def test_augmentation_is_a_function_of_epoch_and_batch():
    held = data(8)
    held.augment = (Noise(),)
    stream = Shuffled(held, 4, 0)
    whole = [batch.input for batch in stream.batches(1, 0)]
    resumed = [batch.input for batch in stream.batches(1, 1)]
    assert isinstance(whole[1], torch.Tensor) and isinstance(resumed[0], torch.Tensor)
    assert torch.equal(whole[1], resumed[0])
    other = next(iter(stream.batches(2, 1))).input
    assert isinstance(other, torch.Tensor) and not torch.equal(other, whole[1])


@pytest.mark.parametrize(("batch", "accumulate", "steps"), [(4, 1, 3 * 5), (4, 2, 2 * 5), (100, 1, 5), (1, 1, 50)])
def test_steps_are_counted_in_updates(batch: int, accumulate: int, steps: int):
    method = Supervised(epochs=5, batch=batch, accumulate=accumulate)
    (phase,) = method.phases(network(), TASK, data(10), 0)
    assert (phase.steps, phase.accumulate) == (steps, accumulate)
    (turn,) = phase.turns
    made = network()
    assert made.draw is not None
    loss = turn.loss(made, next(iter(phase.batches.batches(0, 0))), made.draw)
    assert loss.value_B.shape == (min(batch, 10),)


def test_batch_norm_over_single_rows_is_refused():
    for method, rows in ((Supervised(epochs=1, batch=1), 10), (Supervised(epochs=1, batch=8), 1)):
        with pytest.raises(RecipeError) as fault:
            next(method.phases(network("batch"), TASK, data(rows), 0))
        assert fault.value.code == "RECIPE-FIT" and fault.value.hint is not None and "layer" in fault.value.hint
    assert next(Supervised(epochs=1, batch=1).phases(network("layer"), TASK, data(10), 0)).steps == 10
    assert any(isinstance(module, nn.BatchNorm1d) for module in network("batch").modules())


def test_in_lanes_each_row_goes_on_in_the_next_batch():
    stream = Lanes(data(11), 3)
    batches = list(stream.batches(0, 0))
    assert [batch.row_B.tolist() for batch in batches if batch.row_B is not None] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert [batch.fresh for batch in batches] == [True, False, False] and stream.steps_per_epoch == 3
    assert [batch.row_B.tolist() for batch in stream.batches(4, 2) if batch.row_B is not None] == [[2, 5, 8]]


def test_a_state_is_carried_only_where_rows_go_on():
    family = LSTM(width=4, stateful=True)
    form = sequence(2, 5, even=True)
    made = assemble(form, (), signature=SIGNATURE, family=family, task=TASK, seed=0)
    with pytest.raises(RecipeError) as fault:
        next(iter(Supervised(epochs=1, batch=4).phases(made, TASK, data(8), 0)))
    assert fault.value.place.path == "model.stateful" and "language" in (fault.value.hint or "")
