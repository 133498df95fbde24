"""The pieces of a twin: every activation's value and slope equal torch's, also far from 0 and at 0."""

from __future__ import annotations

import ast

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.explain import twin_parts

MODULES = [nn.Identity(), nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.3), nn.ELU(0.7), nn.GELU(), nn.SiLU()]


def test_every_activation_is_tried():
    assert [type(module) for module in MODULES] == list(twin_parts.ACTIVATIONS)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_value_and_slope(module: nn.Module, tmp_path):
    import runpy

    value, slope, helper = twin_parts.ACTIVATIONS[type(module)]
    text = (
        "import math\n\nimport numpy as np\n"
        + helper
        + twin_parts.ACTIVATION.replace("VALUE", value).replace("SLOPE", slope)
    )
    number = {nn.LeakyReLU: 0.3, nn.ELU: 0.7}.get(type(module), 0.0)
    path = tmp_path / "activation.py"
    path.write_text(text.replace("NUMBER", repr(number)), encoding="utf-8")
    twin = runpy.run_path(str(path))
    z = torch.cat(
        [torch.linspace(-30, 30, 301, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)]
    ).requires_grad_()
    out = module(z)
    (wanted,) = torch.autograd.grad(out.sum(), z)
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(twin["activation"](z.detach().numpy()), out.detach().numpy(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(twin["activation_slope"](z.detach().numpy()), wanted.numpy(), rtol=0, atol=1e-12)


def test_every_piece_is_python():
    for piece in (
        twin_parts.FORWARD,
        twin_parts.FORWARD_LINEAR,
        twin_parts.MSE,
        twin_parts.BACKWARD,
        twin_parts.BACKWARD_LINEAR,
    ):
        ast.parse(piece)
    for update in (twin_parts.SGD, twin_parts.MOMENTUM, twin_parts.NESTEROV, twin_parts.DECAY + twin_parts.ADAM):
        ast.parse(twin_parts.STEP + update)
