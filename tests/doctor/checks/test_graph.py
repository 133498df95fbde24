from __future__ import annotations

from pellucid.doctor.check import Check
from pellucid.doctor.history import Fact, History, Layer, Parameter
from pellucid.findings import Finding
from pellucid.parts import concrete
from pellucid.record import Reading


def look(kind: str, history: History) -> list[Finding]:
    return list(concrete(Check, kind).look(history))


def network(*names: str, ran: tuple[str, ...] = (), idle: tuple[str, ...] = ()) -> History:
    """Layers of equal shape; those that ran, and those whose weights never got a gradient."""
    return History(
        layers=[Layer(name, "Linear") for name in names],
        parameters=[Parameter(f"{name}.weight", name, (8, 8)) for name in names],
        readings=[Reading(1, {}, {name: {"deviation": 1.0} for name in ran})],
        facts=[Fact("unused", 30, f"{name}.weight", {"steps": 30}) for name in idle],
    )


def test_weights_that_no_optimizer_holds() -> None:
    facts = [Fact("not-optimized", 0, f"head.{name}", {"gradient": 0.3}, "train.py:14") for name in ("weight", "bias")]
    lost = Fact("unowned", 0, "", {"parameters": 2, "shapes": "10x64, 10"})
    (finding,) = look("not-optimized", History(facts=facts))
    assert (finding.place, finding.severity) == ("head.weight", "severe")
    assert "2 tensors of weights get gradients but are in no optimizer (head.weight, head.bias; 0" in finding.message
    (finding,) = look("not-optimized", History(facts=[*facts, lost]))
    assert "holds 2 tensors that no part of the network uses (10x64, 10)." in finding.message
    (finding,) = look("not-optimized", History(facts=[lost]))
    assert finding.message.startswith("The optimizer holds 2 tensors")
    assert not look("not-optimized", network("a", "b", ran=("a", "b")))


def test_random_weights_that_are_frozen() -> None:
    fresh = [Fact("frozen", 0, f"body.{place}", {"share": 0.8, "fresh": 1}) for place in range(4)]
    (finding,) = look("frozen", History(facts=fresh))
    assert (finding.severity, finding.place) == ("warning", "body.0")
    assert "80% of the layers" in finding.message


def test_a_trained_backbone_is_frozen_on_purpose() -> None:
    trained = [Fact("frozen", 0, f"body.{place}", {"share": 0.8, "fresh": 0}) for place in range(4)]
    few = [Fact("frozen", 0, "mask", {"share": 0.2, "fresh": 1})]
    assert [finding.severity for finding in look("frozen", History(facts=trained))] == ["info"]
    assert [finding.severity for finding in look("frozen", History(facts=few))] == ["info"]


def test_a_part_that_is_never_called() -> None:
    history = network("first", "head", "extra", ran=("first", "head"), idle=("extra",))
    (finding,) = look("unused", history)
    assert (finding.place, finding.severity) == ("extra", "warning")
    assert "self.extra(...)" in finding.cure
    assert not look("broken-graph", history)
    assert not look("unused", network("first", "head", ran=("first", "head")))


def test_experts_may_rest() -> None:
    names = ("gate", *(f"experts.{place}" for place in range(4)))
    for ran in (names, names[:3]):  # it may have run before, and not since
        history = network(*names, ran=ran, idle=("experts.2", "experts.3"))
        assert [finding.severity for finding in look("unused", history)] == ["info"]
        assert not look("broken-graph", history)


def test_a_short_rest_is_no_fault() -> None:
    history = network("first", "extra", ran=("first",))
    history.facts.append(Fact("unused", 5, "extra.weight", {"steps": 5}))
    assert not look("unused", history)


def test_a_layer_that_runs_and_gets_no_gradient_was_cut_off() -> None:
    history = network("body.a", "body.b", "head", ran=("body.a", "body.b", "head"), idle=("body.b", "body.a"))
    (finding,) = look("broken-graph", history)
    assert finding.place == "body.b"
    assert "body.a, body.b ran" in finding.message
    assert not look("unused", history)


def test_a_cut_is_named_by_the_last_layer_before_it() -> None:
    history = network("a", "b", "head", ran=("a", "b", "head"))
    history.facts += [Fact("cut", 3, name, {"downstream": "head"}, "net.py:4") for name in ("b", "a")]
    (finding,) = look("broken-graph", history)
    assert finding.place == "b"
    assert "while head" in finding.message
    assert finding.evidence["line"] == "net.py:4"
    assert ".detach()" in finding.cure


def test_layers_in_a_python_list() -> None:
    facts = [Fact("unregistered", 0, f"blocks.{place}.weight", {"owner": "Net"}) for place in range(3)]
    (finding,) = look("broken-graph", History(facts=facts))
    assert finding.place == "Net"
    assert "3 tensors of weights" in finding.message
    assert "nn.ModuleList" in finding.cure


def test_gradients_that_were_cleared_are_no_broken_graph() -> None:
    history = network("body", "head", ran=("body", "head"), idle=("body", "head"))
    assert look("broken-graph", history)
    history.facts.append(Fact("gradients-lost", 1, "", {"parameters": 2}))
    assert not look("broken-graph", history)


def test_what_was_replaced_is_told_once() -> None:
    history = network("body", "head", ran=("body", "head"))
    history.parameters.append(Parameter("tensor of 8x8", "", (8, 9)))
    history.facts = [Fact("unused", 30, "tensor of 8x8", {"steps": 30}), Fact("unowned", 0, "", {"parameters": 1})]
    assert not look("unused", history)
    assert look("not-optimized", history)
