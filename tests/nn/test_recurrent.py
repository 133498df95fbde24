"""Recurrent trunks: equal to torch's stacks, in one pass or in parts, whatever the padding and the order of rows."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import pytest
import torch
from torch import nn

from pellucid import forms
from pellucid.families.gru import GRU
from pellucid.families.lstm import LSTM
from pellucid.families.recurrent import Recurrent
from pellucid.families.rnn import RNN
from pellucid.forms import Paired, Steps
from pellucid.nn.noise import share_draw
from pellucid.nn.recurrent import Attention, EncoderDecoder, Level, RecurrentTrunk
from pellucid.nn.traces import traced
from pellucid.seeds import Draw

torch.set_num_threads(1)
FAMILIES = (RNN, GRU, LSTM)
FIELDS: tuple[dict[str, Any], ...] = ({"depth": 2}, {"norm": "layer"}, {"depth": 2, "bidirectional": True})
LONG = torch.tensor([9, 4, 1, 6])
TIGHT: dict[str, float] = {"atol": 1e-6, "rtol": 0}


def steps(count: int = 9, long: torch.Tensor = LONG, width: int = 3, seed: int = 1) -> Steps:
    """Rows of so many positions, the same numbers whatever the padding, which is full of rubbish."""
    x_BTD = torch.randn(len(long), 20, width, generator=torch.Generator().manual_seed(seed))[:, :count].clone()
    mask_BT = torch.arange(count) < long[:, None]
    return Steps(x_BTD.masked_fill(~mask_BT.unsqueeze(2), 7.0), mask_BT)


def pair(source: int = 9, context: int = 6, order: list[int] | None = None) -> Paired:
    first, second = steps(source), steps(context, torch.tensor([2, 6, 5, 3]), 2, seed=2)
    if order is not None:
        first, second = (Steps(*(tensor[order] for tensor in part)) for part in (first, second))
    return Paired(first, second)


def trunk(family: type[Recurrent], form: forms.Form, **fields: Any) -> RecurrentTrunk | EncoderDecoder:
    torch.manual_seed(0)
    return family.model_validate({"width": 5, **fields}).build(form).eval()


def plain(family: type[Recurrent], *, even: bool = False, causal: bool = False, **fields: Any) -> RecurrentTrunk:
    made = trunk(family, forms.sequence(3, 9, even=even, causal=causal), **fields)
    assert isinstance(made, RecurrentTrunk)
    return made


def writer(family: type[Recurrent], **fields: Any) -> EncoderDecoder:
    made = trunk(family, forms.sequence(3, 9, context=forms.sequence(2, 6, causal=True)), **fields)
    assert isinstance(made, EncoderDecoder)
    return made


def judged(given: Steps) -> torch.Tensor:
    """The outputs at the positions there are, 0 behind them."""
    return given.x_BTD * given.mask_BT.unsqueeze(2)


@pytest.mark.parametrize(("family", "dtype"), [*product(FAMILIES, (torch.float32, torch.float64))])
@pytest.mark.parametrize("both", [False, True])
def test_a_stack_equals_that_of_torch(family: type[Recurrent], dtype: torch.dtype, both: bool):
    made = plain(family, even=True, depth=2, bidirectional=both).to(dtype)
    layer = type(cast("Level", made.blocks[0]).forth).torch_layer
    twin = layer(3, 5, 2, batch_first=True, bidirectional=both).to(dtype)
    for place, level in enumerate(made.blocks):
        for way, suffix in (("forth", ""), ("back", "_reverse"))[: 1 + both]:
            for name, value in level.get_submodule(f"{way}.kernel").named_parameters():
                twin.get_parameter(name.replace("_l0", f"_l{place}{suffix}")).data.copy_(value)
    x_BTD = steps().x_BTD.to(dtype)
    mask_BT = torch.ones(4, 9, dtype=torch.bool)
    expected_BTD = twin(x_BTD)[0]
    close = TIGHT if dtype == torch.float32 else {"atol": 1e-12, "rtol": 0}
    torch.testing.assert_close(made(Steps(x_BTD, mask_BT)).x_BTD, expected_BTD, **close)
    made.out = forms.sequence(10, 9)  # rows that may be padded take another way to the same numbers
    torch.testing.assert_close(made(Steps(x_BTD, mask_BT)).x_BTD, expected_BTD, **close)


@pytest.mark.row("H4")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("norm", ["none", "layer"])
def test_both_directions_are_two_runs_one_over_the_row_from_its_end(family: type[Recurrent], norm: str):
    made, given = plain(family, bidirectional=True, norm=norm), steps()
    level = cast("Level", made.blocks[0])
    assert level.back is not None
    read = made(given).x_BTD
    for row, count in enumerate(LONG):
        row_1TD = given.x_BTD[row : row + 1, :count]
        level.back.backward = False
        forth_1TD, _ = level.forth(row_1TD, level.forth.begin(1), None, False)
        back_1TD, _ = level.back(row_1TD.flip(1), level.back.begin(1), None, False)
        level.back.backward = True
        torch.testing.assert_close(read[row, :count], torch.cat([forth_1TD, back_1TD.flip(1)], 2)[0], **TIGHT)


@pytest.mark.parametrize(("family", "fields"), [*product(FAMILIES, FIELDS)])
def test_padding_and_the_order_of_rows_change_nothing(family: type[Recurrent], fields: dict[str, Any]):
    made, order = plain(family, **fields), [2, 0, 3, 1]

    def run(given: Steps) -> tuple[torch.Tensor, list[torch.Tensor]]:
        y_BTD = judged(made(given))
        return y_BTD, list(torch.autograd.grad((y_BTD**2).sum(), list(made.parameters())))

    first_BTD, first = run(steps())
    for given, back in ((steps(14), [0, 1, 2, 3]), (Steps(*(part[order] for part in steps())), [1, 3, 0, 2])):
        second_BTD, second = run(given)
        torch.testing.assert_close(first_BTD, second_BTD[back, :9], atol=1e-5, rtol=0)
        for one, other in zip(first, second, strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("family", "fields"), [*product(FAMILIES, FIELDS[:2])])
def test_what_follows_a_position_moves_nothing_before_it(family: type[Recurrent], fields: dict[str, Any]):
    made, given = plain(family, causal=True, even=True, **fields), steps()
    changed_BTD = given.x_BTD.clone()
    changed_BTD[:, 5:] += 3.0
    first_BTD, second_BTD = (made(Steps(x_BTD, given.mask_BT)).x_BTD for x_BTD in (given.x_BTD, changed_BTD))
    assert torch.equal(first_BTD[:, :5], second_BTD[:, :5]) and not torch.equal(first_BTD[:, 5:], second_BTD[:, 5:])


@pytest.mark.row("H5")
@pytest.mark.parametrize(("family", "fields"), [*product(FAMILIES, FIELDS[:2])])
@pytest.mark.parametrize("cut", [1, 5, 8])
def test_going_on_from_a_first_half_equals_the_whole(family: type[Recurrent], fields: dict[str, Any], cut: int):
    made, given = plain(family, causal=True, **fields), steps()
    whole, last = made.proceed(given, made.begin(None, 4))
    torch.testing.assert_close(judged(whole), judged(made(given)), **TIGHT)
    memory, parts = made.begin(None, 4), []
    for part in (slice(0, cut), slice(cut, 9)):
        read, memory = made.proceed(Steps(given.x_BTD[:, part], given.mask_BT[:, part]), memory)
        parts.append(read.x_BTD)
    torch.testing.assert_close(torch.cat(parts, 1) * given.mask_BT.unsqueeze(2), judged(whole), **TIGHT)
    for one, other in zip(forms.tensors(memory), forms.tensors(last), strict=True):
        torch.testing.assert_close(one, other, **TIGHT)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_memory_is_put_in_another_order_row_by_row(family: type[Recurrent]):
    for made, source in ((plain(family, depth=2), None), (writer(family, bidirectional=True), steps())):
        given, rows = steps(4, width=3 if source is None else 2), torch.tensor([3, 3, 0, 1])
        read, memory = made.proceed(given, made.begin(source, 4))
        moved = forms.each(memory, lambda tensor, rows=rows: tensor.index_select(0, rows))
        further = Steps(torch.randn(4, 2, given.x_BTD.shape[2]), torch.ones(4, 2, dtype=torch.bool))
        there, _ = made.proceed(Steps(*(part[rows] for part in further)), moved)
        here, _ = made.proceed(further, memory)
        torch.testing.assert_close(there.x_BTD, here.x_BTD[rows], **TIGHT)
        assert read.x_BTD.shape == (4, 4, 5)


def test_two_directions_cannot_go_on():
    made = plain(LSTM, bidirectional=True)
    with pytest.raises(RuntimeError, match="whole sequence"):
        made.proceed(steps(), made.begin(None, 4))


@pytest.mark.row("H5")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stateful_trunk_goes_on_from_batch_to_batch_in_training_alone(family: type[Recurrent]):
    made = plain(family, stateful=True, causal=True, even=True)
    given = Steps(steps().x_BTD, torch.ones(4, 9, dtype=torch.bool))
    halves = [Steps(given.x_BTD[:, part], given.mask_BT[:, part]) for part in (slice(0, 5), slice(5, 9))]
    whole_BTD = made(given).x_BTD
    assert made.carried is None and not made.memories()
    first, second = (made.train()(half).x_BTD for half in halves)
    torch.testing.assert_close(torch.cat([first, second], 1), whole_BTD, **TIGHT)
    assert not any(tensor.requires_grad for tensor in made.memories().values())
    torch.testing.assert_close(made.eval()(halves[0]).x_BTD, first)
    made.forget()
    torch.testing.assert_close(made.train()(halves[0]).x_BTD, first)


def test_what_is_carried_can_be_kept_and_put_back():
    given, made = steps(), plain(LSTM, stateful=True, causal=True, depth=2).train()
    made(given)
    kept = {name: tensor.clone() for name, tensor in made.memories().items()}
    assert list(kept) == ["0", "1", "2", "3"] and kept["0"].shape == (4, 5)
    expected_BTD = made(given).x_BTD
    twin = plain(LSTM, stateful=True, causal=True, depth=2).train()
    twin.restore(kept)
    assert torch.equal(twin(given).x_BTD, expected_BTD)
    twin.restore({})
    assert twin.carried is None


def test_a_batch_of_another_size_does_not_go_on_by_mistake():
    made = plain(GRU, stateful=True, causal=True).train()
    made(steps())
    with pytest.raises(AssertionError, match="4 rows are carried on"):
        made(steps(long=torch.tensor([2, 3])))


@pytest.mark.parametrize(("family", "attention", "both"), [*product(FAMILIES, (False, True), (False, True))])
def test_writing_in_one_pass_equals_writing_step_by_step(family: type[Recurrent], attention: bool, both: bool):
    made, given = writer(family, attention=attention, bidirectional=both, depth=2), pair()
    assert isinstance(given.source, Steps) and isinstance(given.context, Steps)
    whole = made(given)
    assert whole.x_BTD.shape == (4, 6, 5) and made.out == forms.sequence(5, 6, causal=True)
    memory, parts = made.begin(given.source, 4), []
    for place in range(6):
        here = Steps(given.context.x_BTD[:, place : place + 1], given.context.mask_BT[:, place : place + 1])
        read, memory = made.proceed(here, memory)
        parts.append(read.x_BTD)
    torch.testing.assert_close(judged(Steps(torch.cat(parts, 1), whole.mask_BT)), judged(whole), **TIGHT)


@pytest.mark.parametrize(("family", "both"), [*product(FAMILIES, (False, True))])
def test_padding_and_order_change_nothing_in_pairs_either(family: type[Recurrent], both: bool):
    made, order = writer(family, bidirectional=both), [2, 0, 3, 1]

    def run(given: Paired) -> tuple[torch.Tensor, list[torch.Tensor]]:
        y_BTD = judged(made(given))
        return y_BTD, list(torch.autograd.grad((y_BTD**2).sum(), list(made.parameters())))

    first_BTD, first = run(pair())
    for given, back in ((pair(13, 11), [0, 1, 2, 3]), (pair(order=order), [1, 3, 0, 2])):
        second_BTD, second = run(given)
        torch.testing.assert_close(first_BTD, second_BTD[back, :6], atol=1e-5, rtol=0)
        for one, other in zip(first, second, strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_decoder_without_attention_begins_at_the_last_state_of_the_encoder(family: type[Recurrent]):
    made, given = writer(family, attention=False), pair()
    assert isinstance(given.source, Steps) and isinstance(given.context, Steps)
    encoder, decoder = (cast("Level", levels[0]).forth.kernel for levels in (made.encoder, made.decoder))
    written = made(given)
    for row, (source, context) in enumerate(zip(LONG, [2, 6, 5, 3], strict=True)):
        _, state = encoder(given.source.x_BTD[row : row + 1, :source])
        expected_1TD, _ = decoder(given.context.x_BTD[row : row + 1, :context], state)
        torch.testing.assert_close(written.x_BTD[row, :context], expected_1TD[0], **TIGHT)


def test_attention_looks_at_the_positions_there_are_and_its_weights_are_noted():
    made, given = writer(GRU), pair()
    assert isinstance(given.source, Steps)
    with traced(made) as traces:
        made(given)
    weight_BHTS = traces["attention"]["attention"]
    assert weight_BHTS.shape == (4, 1, 6, 9) and set(traces) == {"encoder.0.forth", "decoder.0.forth", "attention"}
    torch.testing.assert_close(weight_BHTS.sum(3), torch.ones(4, 1, 6))
    assert weight_BHTS.masked_select(~given.source.mask_BT[:, None, None]).abs().max() == 0


def test_attention_is_that_of_the_paper_worked_out_by_hand():
    layer = Attention(2)
    layer.join.weight.data.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 1.0]]))
    x_BTD = torch.tensor([[[1.0, 0.0]]])
    source_BSD = torch.tensor([[[0.0, 5.0], [torch.log(torch.tensor(3.0)), 5.0], [9.0, 9.0]]])
    mask_BS = torch.tensor([[True, True, False]])
    expected_D = torch.tensor([0.75 * torch.log(torch.tensor(3.0)), 0.0]).tanh()
    torch.testing.assert_close(layer(x_BTD, source_BSD, mask_BS)[0, 0], expected_D)


@pytest.mark.parametrize(("family", "both"), [*product(FAMILIES, (False, True))])
def test_the_state_stays_in_full_precision_under_autocast(family: type[Recurrent], both: bool):
    made, given = writer(family, bidirectional=both, attention=False), pair()
    with torch.autocast("cpu", torch.bfloat16):
        written = made(given)
    close = {"atol": 2e-2, "rtol": 0.0} if both else {"atol": 0.0, "rtol": 0.0}  # what is handed over is a linear map
    assert written.x_BTD.dtype == torch.float32
    torch.testing.assert_close(judged(written), judged(made(given)), **close)


def test_dropout_stands_behind_every_layer_and_is_off_at_prediction():
    made, given = plain(RNN, depth=2, dropout=0.5, even=True), steps()
    assert (made(given).x_BTD != 0).all()
    share_draw(made, Draw(0, "step").at(0))
    read = made.train()(given).x_BTD
    assert 0.3 < (read == 0).float().mean() < 0.7
    assert sum(isinstance(module, nn.RNN) for module in made.modules()) == 2
