"""Recurrent networks as a person trains them: their states and gates by hand, and what they keep over how many steps.

B  rows    T  positions    D  units of a layer    I  inputs of it
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import pellucid
from pellucid.data.batch import Batch
from pellucid.data.toy_texts import toy_translation
from pellucid.families.family import Family
from pellucid.forms import Steps, Tokens, sequence
from pellucid.jobs import Run
from pellucid.nn.traces import Traces, traced
from pellucid.record import Step

Train = Callable[..., Run]

VOWELS = "japanese_vowels"
QUICK = {"method": {"epochs": 1, "batch": 64}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}
EXACT: dict[str, float] = {"atol": 1e-6, "rtol": 0}


def rows(run: Run, source: str = VOWELS, count: int = 8) -> Batch:
    """The first rows of a set, as the network of a run takes them."""
    raw = run.recipe.data.read_new(source, run.model.signature)
    return run.model.preparation.apply(raw, run.model.signature).part(0, count).ready()


def read(run: Run) -> tuple[Steps, Steps, Traces]:
    """Some rows before the trunk and behind it, and what its layers noted on the way."""
    network = run.model.network.eval()
    with torch.no_grad(), traced(network) as traces:
        before = network.intake(rows(run).input)
        after = network.trunk(before)
    assert isinstance(before, Steps) and isinstance(after, Steps) and not bool(before.mask_BT.all())
    return before, after, traces


def kernel(run: Run, way: str = "forth") -> dict[str, torch.Tensor]:
    """The weights of the one layer, under torch's names without their suffix."""
    level = run.model.network.get_submodule(f"trunk.blocks.0.{way}.kernel")
    return {name.removesuffix("_l0"): value.detach() for name, value in level.named_parameters()}


def brought(x_BTI: torch.Tensor, state_BD: torch.Tensor, weights: dict[str, torch.Tensor], at: int) -> torch.Tensor:
    """The weighted sums of one position: those of its inputs and those of the state before."""
    inward = x_BTI[:, at] @ weights["weight_ih"].T + weights["bias_ih"]
    return inward + state_BD @ weights["weight_hh"].T + weights["bias_hh"]


@pytest.mark.row("H1")
def test_each_state_is_tanh_of_its_input_and_the_state_before_it(train: Train):
    run = train(VOWELS, model={"kind": "rnn", "width": 8}, **QUICK)
    before, after, traces = read(run)
    told_BTD, weights = traces["trunk.blocks.0.forth"]["hidden"], kernel(run)
    state_BD = torch.zeros(8, 8)
    for at in range(before.x_BTD.shape[1]):
        state_BD = brought(before.x_BTD, state_BD, weights, at).tanh()
        there_B = before.mask_BT[:, at]
        for seen_BTD in (told_BTD, after.x_BTD):
            torch.testing.assert_close(seen_BTD[there_B, at], state_BD[there_B], **EXACT)


@pytest.mark.row("H1", "H2")
def test_the_report_shows_states_and_gates_step_by_step(tmp_path: Path, tell: Callable[..., Any]):
    settings = {"model": '{"kind": "lstm", "width": 8}', "method.epochs": 1, "threads": 1}
    said = tell(
        "train", VOWELS, "--run", tmp_path / "run", "-q", *(f"--set={name}={value}" for name, value in settings.items())
    )
    (row, *_) = tell("report", said["run"])["reading"]["rows"]
    (layer,) = row["gates"]
    assert layer["gates"].keys() == {"input gate", "forget gate", "output gate"}
    assert {len(told_T) for told_T in (layer["norm"], *layer["gates"].values())} == {row["length"]}


@pytest.mark.row("H2")
def test_gates_are_shares_and_the_cell_keeps_and_takes_in_what_they_say(train: Train):
    run = train(VOWELS, model={"kind": "lstm", "width": 8}, **QUICK)
    before, _, traces = read(run)
    told, weights = traces["trunk.blocks.0.forth"], kernel(run)
    gates = {name: told[f"{name} gate"] for name in ("input", "forget", "output")}
    assert all(0 <= float(gate_BTD.min()) and float(gate_BTD.max()) <= 1 for gate_BTD in gates.values())
    hidden_BD, cell_BD = torch.zeros(2, 8, 8)
    for at in range(before.x_BTD.shape[1]):
        there_B = before.mask_BT[:, at]
        input_BD, forget_BD, new_BD, output_BD = brought(before.x_BTD, hidden_BD, weights, at).chunk(4, 1)
        for name, sum_BD in (("input", input_BD), ("forget", forget_BD), ("output", output_BD)):
            torch.testing.assert_close(gates[name][there_B, at], sum_BD.sigmoid()[there_B], **EXACT)
        cell_BD = gates["forget"][:, at] * cell_BD + gates["input"][:, at] * new_BD.tanh()
        hidden_BD = gates["output"][:, at] * cell_BD.tanh()
        torch.testing.assert_close(told["cell"][there_B, at], cell_BD[there_B], **EXACT)
        torch.testing.assert_close(told["hidden"][there_B, at], hidden_BD[there_B], **EXACT)


@pytest.mark.row("H3")
def test_a_gru_tells_as_much_as_an_lstm_with_three_quarters_of_its_parameters(train: Train):
    count, accuracy = dict[str, int](), dict[str, float]()
    for kind in ("gru", "lstm"):
        learning = {"method": {"epochs": 8, "batch": 16}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}
        run = train(VOWELS, model={"kind": kind, "width": 32}, **learning)
        count[kind] = sum(parameter.numel() for parameter in run.model.network.trunk.parameters())
        accuracy[kind] = run.metrics["test"]["accuracy"]
    print(count, accuracy)
    assert 4 * count["gru"] == 3 * count["lstm"]
    assert min(accuracy.values()) > 0.9 and abs(accuracy["gru"] - accuracy["lstm"]) < 0.05


@pytest.mark.row("H4")
def test_two_directions_are_two_runs_one_of_them_from_the_end(train: Train):
    both = train(VOWELS, model={"kind": "lstm", "width": 8, "bidirectional": True}, **QUICK)
    before, after, _ = read(both)
    one = pellucid.LSTM(width=8).build(sequence(before.x_BTD.shape[2], before.x_BTD.shape[1]))
    for row, count in enumerate(before.mask_BT.sum(1).tolist()):
        x_1TI = before.x_BTD[row : row + 1, :count]
        found = []
        for way, given in (("forth", x_1TI), ("back", x_1TI.flip(1))):
            for name, value in kernel(both, way).items():
                one.get_parameter(f"blocks.0.forth.kernel.{name}_l0").data.copy_(value)
            found.append(one(Steps(given, torch.ones(1, count, dtype=torch.bool))).x_BTD)
        torch.testing.assert_close(after.x_BTD[row, :count], torch.cat([found[0], found[1].flip(1)], 2)[0], **EXACT)


def sentences(tmp_path: Path) -> str:
    """A file of running text."""
    path = tmp_path / "sentences.txt"
    path.write_text("".join(f"{one}.\n" for one, _ in toy_translation(150)))
    return str(path)


STATEFUL = {
    "model": {"kind": "lstm", "width": 16, "stateful": True},
    "method": {"epochs": 2, "batch": 4},
    "checkpoint": {"every": 3},
}


@pytest.mark.row("H5")
def test_two_halves_with_the_state_carried_over_are_one_pass_over_the_whole(tmp_path: Path, train: Train):
    run = train({"path": sentences(tmp_path), "window": 32}, **STATEFUL)
    network = run.model.network.eval()
    given = rows(run, sentences(tmp_path)).input
    assert isinstance(given, Tokens)
    parts, memory = [], network.trunk.begin(None, 8)
    with torch.no_grad():
        whole_BTC = network(given)
        for code_BT in given.code_BT.split(16, 1):
            steps, memory = network.trunk.proceed(network.intake(Tokens(code_BT)), memory)
            parts.append(network.head(network.bridge(steps)))
        stateless_BTC = network(Tokens(given.code_BT[:, 16:]))
    torch.testing.assert_close(torch.cat(parts, 1), whole_BTC, **EXACT)
    assert float((stateless_BTC - whole_BTC[:, 16:]).abs().max()) > 0.01, "without the state the second half is another"


class Enough(Exception):
    """Somebody stopped looking on."""


@pytest.mark.row("H5")
def test_a_stateful_run_that_broke_off_goes_on_with_the_same_bits(tmp_path: Path):
    data = {"path": sentences(tmp_path), "window": 32}
    recipe = pellucid.Recipe.model_validate({"data": data, "threads": 1, "precision": "float32", **STATEFUL})

    def leave(session: Any, event: Any) -> None:
        assert session.per_epoch > 7, "it breaks off within an epoch"
        if isinstance(event, Step) and event.step == 7:
            raise Enough

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run = pellucid.train(recipe, run=whole, report=False)
    with pytest.raises(Enough):
        pellucid.train(recipe, run=broken, report=False, watch=leave)
    resumed = pellucid.resume(broken, report=False)
    assert (broken / "record.jsonl").read_text() == (whole / "record.jsonl").read_text()
    one, other = run.model.network.state_dict(), resumed.model.network.state_dict()
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def depth(output: torch.Tensor) -> int:
    """The longest chain of operations that each have to wait for the one before."""
    found: dict[Any, int] = {None: 0}
    waiting: list[Any] = [output.grad_fn]
    while waiting:
        inputs = [node for node, _ in waiting[-1].next_functions]
        unknown = [node for node in inputs if node not in found]
        if not unknown:
            found[waiting.pop()] = 1 + max((found[node] for node in inputs), default=0)
        waiting += unknown
    return found[output.grad_fn]


@pytest.mark.row("H6", "H16")
def test_a_recurrent_network_takes_a_step_for_each_position_and_a_transformer_one_pass():
    def chain(family: Family, positions: int) -> int:
        given = Steps(torch.randn(2, positions, 4), torch.ones(2, positions, dtype=torch.bool))
        return depth(family.build(sequence(4, positions, even=True))(given).x_BTD)  # type: ignore[operator]

    attends = {
        chain(pellucid.Transformer(width=8, heads=2, depth=2, dropout=0), positions) for positions in (8, 16, 64)
    }
    recurs = [chain(pellucid.RNN(width=8), positions) for positions in (8, 16, 64)]
    assert len(attends) == 1
    assert recurs[2] - recurs[1] == 6 * (recurs[1] - recurs[0]) >= 6 * 8, "so much for each position"


LEARNING = {"method": {"epochs": 3, "batch": 50}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}


@pytest.mark.row("E13", "H2", "H6")
def test_over_50_steps_gates_keep_what_a_plain_network_loses(train: Train):
    """The slow test below has 100 steps, three seeds and attention."""
    found = {
        (kind, lag): train(f"copy{lag}", model={"kind": kind, "width": 32}, **LEARNING).metrics["test"]["accuracy"]
        for kind, lag in (("rnn", 10), ("rnn", 50), ("lstm", 50))
    }
    print(found)
    assert found["rnn", 10] > 0.95 and found["lstm", 50] > 0.95
    assert found["rnn", 50] < 0.25, "one of eight is chance"


def adding(kind: str, rate: float) -> dict[str, Any]:
    """A recipe for the sum of two marked numbers among a hundred."""
    size = {"width": 32, "depth": 1, "dropout": 0} if kind == "transformer" else {"width": 64}
    return {
        "model": {"kind": kind, **size},
        "method": {"epochs": 15, "batch": 32},
        "optimizer": {"kind": "adam", "learning_rate": rate},
    }


@pytest.mark.slow
@pytest.mark.row("E13", "H2", "H6", "H16")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_over_100_steps_a_plain_network_falls_to_guessing_and_gates_and_attention_do_not(seed: int, train: Train):
    """A plain network is not always lost: started as a rotation it passes `copy100` at some learning rates."""
    found = {
        kind: train("adding100", task="regression", seed=seed, **adding(kind, rate)).metrics["test"]["r2"]
        for kind, rate in (("rnn", 0.01), ("lstm", 0.01), ("transformer", 0.003))
    }
    print(found)
    assert found["rnn"] < 0.1, "no better than the mean of all sums"
    assert found["lstm"] > 0.95 and found["transformer"] > 0.95


@pytest.mark.row("H12")
def test_handwritten_digits_are_read_from_the_strokes_of_the_pen(train: Train):
    learning = {"method": {"epochs": 4}, "optimizer": {"kind": "adam", "learning_rate": 0.01}}
    run = train("strokes", model={"kind": "gru", "width": 48}, **learning)
    print(run.metrics["test"])
    assert run.recipe.data.dump()["kind"] == "series" and run.metrics["test"]["accuracy"] >= 0.9
