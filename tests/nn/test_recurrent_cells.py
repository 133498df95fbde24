"""One recurrent layer: torch's own numbers, the same ones step by step, and what no padding may change."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.forms import Steps
from pellucid.nn.init_parts import Constant, Xavier
from pellucid.nn.noise import share_draw
from pellucid.nn.recurrent_cells import (
    ElmanLayer,
    GateNorm,
    GRULayer,
    Lengths,
    LSTMLayer,
    Recurrent,
    at_the_end,
    lengths,
    mirrored,
)
from pellucid.nn.traces import traced
from pellucid.seeds import Draw, generator

torch.set_num_threads(1)
LAYERS = (ElmanLayer, GRULayer, LSTMLayer)
LONG = torch.tensor([7, 4, 1, 5])


def rows_of(count: int = 7, long: torch.Tensor = LONG) -> Lengths:
    mask_BT = torch.arange(count) < long[:, None]
    return lengths(Steps(torch.zeros(*mask_BT.shape, 1), mask_BT))


def made(kind: type[Recurrent], dtype: torch.dtype = torch.float32, **fields: Any) -> Recurrent:
    torch.manual_seed(0)
    return kind(3, 5, **fields).to(dtype).eval()


def given(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(4, 7, 3, dtype=dtype, generator=torch.Generator().manual_seed(1))


def near(dtype: torch.dtype) -> dict[str, float]:
    return {"atol": 1e-6 if dtype == torch.float32 else 1e-12, "rtol": 0}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("stepwise", [False, True])
def test_a_layer_equals_that_of_torch(kind: type[Recurrent], dtype: torch.dtype, stepwise: bool):
    layer, x_BTD = made(kind, dtype), given(dtype)
    twin = kind.torch_layer(3, 5, batch_first=True).to(dtype)
    twin.load_state_dict(layer.kernel.state_dict())
    expected_BTD, state = twin(x_BTD)
    layer.trace = {} if stepwise else None
    y_BTD, after = layer(x_BTD, layer.begin(4), None, True)
    torch.testing.assert_close(y_BTD, expected_BTD, **near(dtype))
    for own_BD, torchs_1BD in zip(after, state if isinstance(state, tuple) else (state,), strict=True):
        torch.testing.assert_close(own_BD, torchs_1BD[0], **near(dtype))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("fields", [{}, {"norm": True}, {"backward": True}])
def test_the_state_is_that_at_the_end_of_each_row_however_it_is_padded(kind: type[Recurrent], fields: dict[str, bool]):
    layer, x_BTD = made(kind, **fields), given()
    y_BTD, after = layer(x_BTD, layer.begin(4), rows_of(), True)
    for row, count in enumerate(LONG):
        alone_1TD, own = layer(x_BTD[row : row + 1, :count], layer.begin(1), None, True)
        torch.testing.assert_close(y_BTD[row, :count], alone_1TD[0], **near(torch.float32))
        for whole_BD, own_1D in zip(after, own, strict=True):
            torch.testing.assert_close(whole_BD[row], own_1D[0], **near(torch.float32))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("norm", [False, True])
def test_a_row_without_positions_keeps_the_state_it_had(kind: type[Recurrent], norm: bool):
    layer, before = made(kind, norm=norm), tuple(torch.randn(4, 5) for _ in kind.states)
    _, after = layer(given(), before, rows_of(long=torch.tensor([0, 7, 0, 2])), True)
    for one_BD, other_BD in zip(after, before, strict=True):
        assert torch.equal(one_BD[[0, 2]], other_BD[[0, 2]]) and not torch.equal(one_BD[1], other_BD[1])


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("fields", [{}, {"norm": True}, {"backward": True}, {"dropout": 0.4}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_padding_changes_no_gradient(kind: type[Recurrent], fields: dict[str, Any], dtype: torch.dtype):
    layer, x_BTD, rows = made(kind, dtype, **fields).train(), given(dtype), rows_of()
    close = {"atol": 1e-5 if dtype == torch.float32 else 1e-12, "rtol": 0}
    share_draw(layer, draw := Draw(0, "step"))

    def gradients(x_BTD: torch.Tensor, rows: Lengths) -> list[torch.Tensor]:
        draw.at(0)
        x_BTD = x_BTD.clone().requires_grad_()
        y_BTD, after = layer(x_BTD, layer.begin(4), rows, True)
        loss = (y_BTD.masked_fill(rows.padded_BT1, 0.0) ** 2).sum() + sum((part_BD**3).sum() for part_BD in after)
        return list(torch.autograd.grad(loss, [x_BTD, *layer.parameters()]))

    longer_BTD = torch.cat([x_BTD, torch.full((4, 6, 3), 9.0, dtype=dtype)], 1)
    first_BTD, *first = gradients(x_BTD, rows)
    second_BTD, *second = gradients(longer_BTD, rows_of(13))
    torch.testing.assert_close(first_BTD, second_BTD[:, :7], **close)
    assert second_BTD.masked_select(rows_of(13).padded_BT1).abs().max() == 0
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other, **close)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("fields", [{"norm": True}, {"norm": True, "backward": True}, {}])
def test_gradients_of_the_cells_are_those_of_their_formulas(kind: type[Recurrent], fields: dict[str, bool]):
    layer, rows = made(kind, torch.float64, **fields), rows_of(3, torch.tensor([3, 2]))
    names = [name for name, _ in layer.named_parameters()]

    def run(x_BTD: torch.Tensor, state: torch.Tensor, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        layer.trace = {}
        states = tuple(state for _ in kind.states)
        changed = dict(zip(names, values, strict=True))
        y_BTD, after = torch.func.functional_call(layer, changed, (x_BTD, states, rows, True))
        return y_BTD, *after

    x_BTD = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    state = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    values = [(value.detach() * 1.1 + 0.1).requires_grad_() for value in layer.parameters()]
    assert torch.autograd.gradcheck(run, (x_BTD, state, *values))


def test_the_gates_of_an_lstm_make_its_cell_and_its_output():
    layer, x_BTD = made(LSTMLayer), given()
    plain_BTD, _ = layer(x_BTD, layer.begin(4), None, False)
    with traced(layer) as traces:
        layer(x_BTD, layer.begin(4), None, False)
    told = traces[""]
    assert set(told) == {"hidden", "cell", "input gate", "forget gate", "output gate"}
    torch.testing.assert_close(told["hidden"], plain_BTD, **near(torch.float32))
    torch.testing.assert_close(told["output gate"] * told["cell"].tanh(), told["hidden"])
    new_BTD = (told["cell"][:, 1:] - told["forget gate"][:, 1:] * told["cell"][:, :-1]) / told["input gate"][:, 1:]
    weight_GI, weight_GD, bias_G, offset_G = layer.weights()
    sums_BTG = x_BTD[:, 1:] @ weight_GI.T + told["hidden"][:, :-1] @ weight_GD.T + bias_G + offset_G
    torch.testing.assert_close(new_BTD, sums_BTG.chunk(4, 2)[2].tanh(), atol=1e-5, rtol=0)
    torch.testing.assert_close(told["forget gate"][:, 1:], sums_BTG.chunk(4, 2)[1].sigmoid())


def test_the_update_gate_of_a_gru_says_how_much_of_the_state_stays():
    layer, x_BTD = made(GRULayer), given()
    for parameter in layer.weights()[2:]:
        nn.init.zeros_(parameter)
    with torch.no_grad():
        layer.weights()[2][5:10] = 1e4  # the update gate
    start = (torch.randn(4, 5),)
    with traced(layer) as traces:
        y_BTD, _ = layer(x_BTD, start, None, False)
    assert set(traces[""]) == {"hidden", "update gate", "reset gate"}
    assert traces[""]["update gate"].min() == 1
    torch.testing.assert_close(y_BTD, start[0][:, None].expand(-1, 7, -1))


def test_traces_of_the_way_back_stand_at_the_positions_they_belong_to():
    layer, x_BTD, rows = made(LSTMLayer, backward=True), given(), rows_of()
    with traced(layer) as traces:
        y_BTD, _ = layer(x_BTD, layer.begin(4), rows, False)
    shown_BTD = traces[""]["hidden"]
    torch.testing.assert_close(shown_BTD, y_BTD)
    assert not shown_BTD.requires_grad and layer.trace is None


def test_recurrent_dropout_hides_the_same_units_all_through_a_sequence():
    layer = made(ElmanLayer, dropout=0.5).train()
    share_draw(layer, Draw(0, "step").at(0))
    with torch.no_grad():
        weight_GI, weight_GD, *_ = layer.weights()
        weight_GI.zero_()
        weight_GD.copy_(torch.eye(5))
        for bias_G in layer.weights()[2:]:
            bias_G.zero_()
    start_BD = torch.full((4, 5), 0.01)
    y_BTD, _ = layer(given(), (start_BD,), None, False)
    kept_BD = y_BTD[:, 0] != 0
    assert 0 < kept_BD.sum() < 20 and len(set(kept_BD.sum(1).tolist())) > 1
    for place in range(7):  # near 0 tanh is the identity: what is kept doubles at every position
        expected_BD = torch.where(kept_BD, 0.01 * 2.0 ** (place + 1), 0.0)
        torch.testing.assert_close(y_BTD[:, place], expected_BD, rtol=0.5, atol=0)
    seen_BTD, _ = layer.eval()(given(), (start_BD,), None, False)
    assert seen_BTD[:, 0].min() > 0


def test_what_comes_in_and_what_goes_on_are_normalised_apart_and_together_as_the_paper_says():
    norm, x_BG = GateNorm(4, (2, 1)), torch.randn(3, 12) * 5 + 2
    y_BG = norm(x_BG)
    for part_BG in y_BG.split([8, 4], 1):
        torch.testing.assert_close(part_BG.mean(1), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(part_BG.std(1, correction=0), torch.ones(3), atol=1e-3, rtol=0)
    layer, x_BTD = made(LSTMLayer, norm=True), given()
    once_BTD, _ = layer(x_BTD, layer.begin(4), None, False)
    for weight in layer.weights()[:2]:
        weight.data.mul_(10)
    torch.testing.assert_close(layer(x_BTD, layer.begin(4), None, False)[0], once_BTD, atol=1e-3, rtol=0)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_starts_with_rotations_and_an_open_forget_gate(kind: type[Recurrent]):
    layer = made(kind)
    with torch.no_grad():
        layer.fill(Constant(value=0.5), 1.0, generator(0, "init"))
    weight_GI, weight_GD, *biases = layer.weights()
    assert (weight_GI == 0.5).all()
    for weight_DD in weight_GD.chunk(sum(kind.together)):
        torch.testing.assert_close(weight_DD @ weight_DD.T, torch.eye(5), atol=1e-5, rtol=0)
    offset_G = biases[0] + biases[1]
    expected_G = torch.tensor([0.0, 1, 0, 0]).repeat_interleave(5) if kind is LSTMLayer else torch.zeros(len(offset_G))
    assert torch.equal(offset_G, expected_G)


def test_the_weights_of_each_gate_have_the_spread_that_a_layer_of_its_width_asks_for():
    layer = LSTMLayer(300, 100)
    with torch.no_grad():
        layer.fill(Xavier(), 1.0, generator(0, "init"))
    assert layer.weights()[0].std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)


def test_mirrored_twice_is_the_row_itself_and_padding_stays_behind():
    x_BTD, rows = given(), rows_of()
    back_BTD = mirrored(x_BTD, rows)
    assert torch.equal(back_BTD[1, :4], x_BTD[1, :4].flip(0)) and torch.equal(back_BTD[1, 4:], x_BTD[1, 4:])
    assert torch.equal(mirrored(back_BTD, rows), x_BTD)
    assert torch.equal(mirrored(x_BTD, None), x_BTD.flip(1))
    assert torch.equal(at_the_end(x_BTD, x_BTD[:, 0], rows)[2], x_BTD[2, 0])
