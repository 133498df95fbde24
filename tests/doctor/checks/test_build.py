from __future__ import annotations

from collections.abc import Callable

from pellucid.doctor.history import Fact, History, Layer, Parameter, Update
from pellucid.findings import Finding

Stack = Callable[..., History]
Look = Callable[[str, History], list[Finding]]


def chain(*kinds: str, widths: tuple[int, ...] = (), source: str = "run") -> History:
    """Layers in their order; those called `Linear` have the widths given, else 16."""
    history = History(source="script" if source == "script" else "run")
    sizes = list(widths or (16,) * (kinds.count("Linear") + 1))
    for place, kind in enumerate(kinds):
        name = f"blocks.{place}.{kind.lower()}" if history.source == "run" else str(place)
        history.layers.append(Layer(name, kind))
        if kind == "Linear":
            history.parameters.append(Parameter(f"{name}.weight", name, (sizes[1], sizes.pop(0))))
    return history


def test_linear_layers_in_a_row_in_a_run(look: Look) -> None:
    (finding,) = look("missing-activation", chain("Linear", "BatchNorm1d", "Linear", "Dropout", "Linear"))
    assert finding.place == "blocks.0.linear" and finding.evidence == {"layers": 3, "next": "blocks.2.linear"}
    assert "one linear map" in finding.message and "model.activation: relu" in finding.cure
    assert not look("missing-activation", chain("Linear", "ReLU", "Linear", "Tanh", "Linear"))
    waist = chain("Linear", "Linear", widths=(64, 4, 64))
    assert not look("missing-activation", waist), "a narrow waist is meant so"


def test_linear_layers_in_a_row_in_a_script(look: Look) -> None:
    history = chain("Linear", "Linear", source="script")
    assert not look("missing-activation", history), "F.relu may stand between them"
    history.facts.append(Fact("chained", 0, "1", {"after": "0"}))
    (finding,) = look("missing-activation", history)
    assert "nn.ReLU()" in finding.cure


def test_a_variance_that_drifts(stack: Stack, look: Look) -> None:
    drifting = stack(depth=6, layers=lambda layer, step: {"deviation": 0.4**layer})
    (finding,) = look("init-mismatch", drifting)
    assert finding.severity == "info" and finding.place == "0"
    assert "kaiming_normal_" in finding.cure and "layer by layer: 1, 0.16" in finding.message
    assert not look("init-mismatch", stack(depth=6))
    assert not look("init-mismatch", stack(depth=3, layers=lambda layer, step: {"deviation": 0.4**layer}))


def test_weights_for_rectifiers_before_tanh(stack: Stack, look: Look) -> None:
    he = (2 * 16) ** 0.5  # the norm of a matrix of 16 x 16 by He's rule
    (finding,) = look("init-mismatch", stack(activation="Tanh", parameters=lambda layer, step: {"norm": he}))
    assert "made for ReLU, not for Tanh" in finding.message and "xavier_normal_" in finding.cure
    assert not look("init-mismatch", stack(parameters=lambda layer, step: {"norm": he}))


def alone(losses: list[float]) -> History:
    history = chain("Linear", widths=(2, 1))
    history.updates = [Update(step, loss, 0.1) for step, loss in enumerate(losses, 1)]
    history.asked, history.constant = "binary", 0.693
    return history


def test_one_linear_layer_at_chance_needs_a_hidden_one(look: Look) -> None:
    (finding,) = look("no-hidden-layer", alone([0.69] * 200))
    assert "not linearly separable: add a hidden layer" in finding.message and "model: {kind: mlp" in finding.cure
    assert not look("no-hidden-layer", alone([0.69 - step / 400 for step in range(200)])), "it learns"
    assert not look("no-hidden-layer", alone([1.5] * 200)), "above chance the rate is too high"
    deep = chain("Linear", "Tanh", "Linear")
    deep.updates, deep.asked, deep.constant = alone([0.69] * 200).updates, "binary", 0.693
    assert not look("no-hidden-layer", deep)
