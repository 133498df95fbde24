"""The NumPy twin of a small MLP: its current weights, forward, loss, backward and step as one readable program."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from pellucid.errors import UsageError, clean
from pellucid.explain import twin_parts as parts
from pellucid.losses.parts import MSE, BinaryCrossEntropy, CrossEntropy
from pellucid.network.assemble import Network
from pellucid.network.embed import Passing
from pellucid.nn.blocks import Dense
from pellucid.nn.noise import Dropout
from pellucid.optim.optimizers import SGD, Adam, AdamW
from pellucid.recipe import Recipe
from pellucid.training.session import Session

LARGEST = 20_000
"""Parameters up to which weights are written as text."""
WIDTH = 118
"""Columns of the lines that hold weights."""


class Layers(NamedTuple):
    """What the twin computes."""

    linear: list[nn.Linear]
    names: list[str]
    activation: nn.Module | None
    dropout: float
    """The largest share among the layers."""


def program(session: Session) -> str:
    """A standalone Python program, importing numpy only, that is the session's network as it stands.

    It learns as the recipe says, in float64 and from an optimizer without memory; what it leaves out of the training it
    says at its top. Raises: UsageError naming the layer, loss or optimizer that it cannot write, or the size.
    """
    network, recipe = session.state.network, session.recipe
    layers = read(network)
    count = sum(parameter.numel() for parameter in network.parameters())
    if count > LARGEST:
        message = f"the network has {count:,} parameters; a twin is written for at most {LARGEST:,}"
        raise UsageError("CLI-TWIN", message, hint="narrower layers, such as --set model.widths=[64]")
    functions, helpers = _activation(layers)
    settings, update = _optimizer(recipe)
    loss = _loss(recipe, outputs=layers.linear[-1].out_features)
    deep = len(layers.linear) > 1
    pieces = [
        "\n".join([_head(session, layers), *([f"LAYERS = {len(layers.linear)}"] if deep else []), settings]),
        *helpers,
        functions,
        parts.FORWARD if deep else parts.FORWARD_LINEAR,
        loss,
        parts.BACKWARD if deep else parts.BACKWARD_LINEAR,
        parts.STEP + update,
        _weights(session, layers),
    ]
    return "\n\n\n".join(piece.strip() for piece in pieces if piece) + "\n"


def read(network: Network) -> Layers:
    """The layers of a network of fully connected layers alone.

    Raises: UsageError naming the first layer that is something else.
    """
    _refuse_all_but_flatten("intake", network.intake)
    linear: list[nn.Linear] = []
    names: list[str] = []
    activations: list[nn.Module] = []
    dropout = 0.0
    for name, block in network.trunk.named_children():
        for number, dense in block.named_children():
            path = f"trunk.{name}.{number}"
            if not isinstance(dense, Dense):
                raise _cannot(path, dense)
            if dense.norm is not None:
                raise _cannot(f"{path}.norm", dense.norm)
            if dense.residual:
                raise UsageError("CLI-TWIN", f"a twin cannot be written: {path} adds its input to its output")
            if isinstance(dense.dropout, Dropout):
                dropout = max(dropout, dense.dropout.share)
            linear.append(dense.linear)
            names.append(f"{path}.linear")
            activations.append(dense.activation or nn.Identity())
            if repr(activations[-1]) != repr(activations[0]):
                raise _cannot(f"{path}.activation", activations[-1])
    _refuse_all_but_flatten("bridge", network.bridge)
    if not isinstance(network.head, nn.Linear):
        raise _cannot("head", network.head)
    return Layers([*linear, network.head], [*names, "head"], activations[0] if activations else None, dropout)


def _refuse_all_but_flatten(path: str, module: nn.Module) -> None:
    for inner in module.modules() if isinstance(module, nn.Sequential) else [module]:
        if not isinstance(inner, nn.Sequential | Passing | nn.Identity | nn.Flatten):
            raise _cannot(path, inner)


def _cannot(path: str, module: nn.Module) -> UsageError:
    message = f"a twin cannot be written: {path} is a {type(module).__name__}"
    hint = f"a twin has fully connected layers with one of: {', '.join(kind.__name__ for kind in parts.ACTIVATIONS)}"
    return UsageError("CLI-TWIN", message, hint=hint)


def _activation(layers: Layers) -> tuple[str, list[str]]:
    """The hidden activation and its slope as functions, and what they need."""
    module = layers.activation
    if module is None:
        return "", []
    if type(module) not in parts.ACTIVATIONS or (isinstance(module, nn.GELU) and module.approximate != "none"):
        raise _cannot(f"{layers.names[0].removesuffix('.linear')}.activation", module)
    value, slope, helper = parts.ACTIVATIONS[type(module)]
    number = 0.0
    if isinstance(module, nn.LeakyReLU):
        number = module.negative_slope
    if isinstance(module, nn.ELU):
        number = module.alpha
    functions = parts.ACTIVATION.replace("VALUE", value).replace("SLOPE", slope)
    return functions.replace("NUMBER", repr(number)), [helper] if helper else []


def _loss(recipe: Recipe, *, outputs: int) -> str:
    """The functions `loss` and `loss_slope`."""
    loss = recipe.task.loss if recipe.task is not None else None
    if isinstance(loss, MSE):
        return parts.MSE
    if isinstance(loss, CrossEntropy):
        wanted = f"np.eye({outputs})[np.asarray(target)]"
        if loss.label_smoothing:
            wanted += f" * {1 - loss.label_smoothing!r} + {loss.label_smoothing / outputs!r}"
        return parts.CROSS_ENTROPY.replace("WANTED", wanted)
    if isinstance(loss, BinaryCrossEntropy):
        wanted = "np.asarray(target, float).reshape(output.shape)"
        if loss.label_smoothing:
            wanted += f" * {1 - loss.label_smoothing!r} + {loss.label_smoothing / 2!r}"
        return parts.BINARY_CROSS_ENTROPY.replace("WANTED", wanted)
    kind = loss.dump()["kind"] if loss is not None else "none"
    message = f"a twin cannot be written: it has no loss {kind}"
    raise UsageError("CLI-TWIN", message, hint="it has cross_entropy, binary_cross_entropy and mse")


def _optimizer(recipe: Recipe) -> tuple[str, str]:
    """The constants of the optimizer, and its update of one parameter."""
    optimizer = recipe.optimizer
    assert optimizer is not None and optimizer.learning_rate is not None
    decay = optimizer.weight_decay or 0.0
    settings = [f"RATE = {optimizer.learning_rate!r}"] + (
        [f"DECAY = {decay!r}  # of weights, not of biases"] if decay else []
    )
    coupled = parts.DECAY if decay else ""
    if isinstance(optimizer, SGD):
        if optimizer.momentum:
            settings.append(f"MOMENTUM = {optimizer.momentum!r}")
        update = parts.NESTEROV if optimizer.nesterov else parts.MOMENTUM if optimizer.momentum else parts.SGD
        return "\n".join(settings), coupled + update
    if isinstance(optimizer, Adam | AdamW):
        settings.append(f"BETA1, BETA2, EPS = {optimizer.betas[0]!r}, {optimizer.betas[1]!r}, {optimizer.eps!r}")
        if isinstance(optimizer, AdamW):
            coupled = parts.DECOUPLED if decay else ""
        return "\n".join(settings), coupled + parts.ADAM
    message = f"a twin cannot be written: it has no optimizer {optimizer.dump()['kind']}"
    raise UsageError("CLI-TWIN", message, hint="it has sgd, adam and adamw")


def _head(session: Session, layers: Layers) -> str:
    """The docstring: what this is, and what it leaves out."""
    widths = [layers.linear[0].in_features, *(linear.out_features for linear in layers.linear)]
    shape = " -> ".join(map(str, widths))
    source = _quiet(session.signature.source)
    lines = [f'"""A network for {source} in plain NumPy: {shape}. Written by Pellucid.', ""]
    told = "Rows are prepared already, one number for each input"
    names = list(session.loaded.preparation.names())
    if len(names) == widths[0]:
        told += ": " + ", ".join(_quiet(name) for name in names)
    lines += textwrap.wrap(told + ".", 115, break_long_words=False)
    lines += textwrap.wrap(_target(session), 115)
    out = _left_out(session, layers)
    if out:
        lines += ["", *textwrap.wrap(f"Left out of its training, though the recipe has it: {'; '.join(out)}.", 115)]
    return "\n".join(
        [
            *lines,
            '"""',
            "",
            *(["import math", ""] if type(layers.activation) is nn.GELU else []),
            "import numpy as np",
            "",
        ]
    )


def _target(session: Session) -> str:
    target = session.signature.target
    assert target is not None
    if target.kind == "classes":
        classes = ", ".join(f"{code} {_quiet(name)}" for code, name in enumerate(target.classes))
        return f"Targets are codes: {classes}."
    names = ", ".join(_quiet(name) for name in target.names)
    return (
        f"Targets are 0 or 1 for {names}."
        if target.kind == "labels"
        else f"Targets are standardised values of {names}."
    )


def _left_out(session: Session, layers: Layers) -> list[str]:
    """What changes the recipe's training and is not in the twin."""
    recipe = session.recipe
    assert recipe.optimizer is not None and recipe.method is not None
    out: list[str] = []
    if layers.dropout:
        out.append(f"dropout of {layers.dropout:g} (predictions are the same)")
    schedule = recipe.optimizer.schedule
    if schedule is not None and schedule.dump()["kind"] != "constant":
        out.append(f"the schedule {schedule.dump()['kind']} (give each step its own rate)")
    if recipe.optimizer.clip is not None:
        out.append(f"clipping of the gradient at {recipe.optimizer.clip:g}")
    out += [f"the penalty {part.dump()['kind']}" for part in recipe.penalties]
    out += [f"the constraint {part.dump()['kind']}" for part in recipe.constraints]
    if recipe.averaging is not None:
        out.append(f"averaging of the weights by {recipe.averaging.dump()['kind']}")
    out += [f"the augmentation {part.dump()['kind']}" for part in session.dataset.augment]
    if recipe.method.dump().get("accumulate", 1) != 1:
        out.append("accumulation of several batches into one step")
    if recipe.precision == "bfloat16":
        out.append("rounding to bfloat16")
    frozen = [name for name, parameter in session.state.network.named_parameters() if not parameter.requires_grad]
    if frozen:
        out.append(f"that {', '.join(frozen)} must not change")
    return out


def _weights(session: Session, layers: Layers) -> str:
    """The parameters as literals, the memory of the optimizer, and a row to try the program on."""
    lines = ["# Weights of torch's layers, float32 as they are; W has a row for each unit.", "P = {}"]
    for number, (linear, name) in enumerate(zip(layers.linear, layers.names, strict=True)):
        lines += [f"# {name}", *_array(f'P["W{number}"]', linear.weight)]
        bias = linear.bias if isinstance(linear.bias, torch.Tensor) else None  # pyright: ignore[reportUnnecessaryIsInstance] - None without bias
        if bias is not None:
            lines += _array(f'P["b{number}"]', bias)
    lines += ["P = {name: value.astype(np.float64) for name, value in P.items()}"]
    lines += ["MEMORY = {name: [np.zeros_like(value), np.zeros_like(value), 0] for name, value in P.items()}", ""]
    row = session.dataset.train.part(0, 1).input
    assert isinstance(row, torch.Tensor)
    network = session.state.network
    training = network.training
    with torch.no_grad():
        output = network.eval()(row)
    network.train(training)
    lines += ["# A row of the training part, and what torch gives for it.", *_array("ROW", row.reshape(1, -1))]
    lines += [*_array("TORCH", output), "", 'if __name__ == "__main__":']
    lines += ['    print("largest difference from torch:", np.abs(forward(ROW)[0] - TORCH).max())', ""]
    return "\n".join(lines)


def _array(name: str, tensor: torch.Tensor) -> list[str]:
    """An assignment of a float32 array, wrapped, with its shape."""
    values = tensor.detach().cpu().float()
    body = ", ".join(_literal(value) for value in values.reshape(-1).tolist())
    shape = f".reshape{tuple(values.shape)}" if values.dim() > 1 else ""
    lines = textwrap.wrap(body, WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{name} = np.array([", *(f"    {line}" for line in lines), f"], np.float32){shape}"]


def _literal(value: float) -> str:
    """The shortest text that NumPy reads back as the same float32."""
    if not np.isfinite(value):
        raise UsageError("CLI-TWIN", f"a twin cannot be written: a weight is {value}")
    short = str(np.float32(value))
    return short if np.float32(float(short)) == np.float32(value) else repr(value)


def _quiet(name: str) -> str:
    """A user's word for a docstring: no control characters, quotes or backslashes."""
    return clean(name).replace("\\", "/").replace('"', "'")
