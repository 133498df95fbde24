"""Normalisation layers: what each averages over, and what goes with which Form."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.forms import Form, grid, pyramid, vector
from pellucid.nn.norm import NormKind, groups, norm

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("kind", "form", "expected"),
    [
        ("none", vector(6), nn.Identity),
        ("batch", vector(6), nn.BatchNorm1d),
        ("layer", vector(6), nn.LayerNorm),
        ("group", vector(6), nn.GroupNorm),
        ("batch", grid(6, 4, 4), nn.BatchNorm2d),
        ("layer", grid(6, 4, 4), nn.GroupNorm),
        ("group", grid(6, 4, 4), nn.GroupNorm),
        ("layer", Form("sequence", 6, (5,)), nn.LayerNorm),
        ("none", Form("sequence", 6, (5,)), nn.Identity),
        ("batch", Form("nodes", 6), nn.BatchNorm1d),
    ],
)
def test_kind_and_form_give_torchs_layer(kind: NormKind, form: Form, expected: type):
    assert type(norm(kind, form)) is expected


def test_what_is_averaged_over():
    x = 3 + 5 * torch.randn(8, 32, 4, 4, dtype=torch.float64)
    for kind, dims in (("batch", (0, 2, 3)), ("layer", (1, 2, 3))):
        y = norm(kind, grid(32, 4, 4)).double()(x)
        torch.testing.assert_close(y.mean(dims), torch.zeros_like(y.mean(dims)), atol=1e-6, rtol=0)
        assert y.std(dims, correction=0).sub(1).abs().max() < 1e-5
    y = norm("group", grid(32, 4, 4)).double()(x).view(8, 4, -1)
    assert y.std(-1, correction=0).sub(1).abs().max() < 1e-5
    y = norm("layer", vector(32)).double()(x[:, :, 0, 0])
    assert y.mean(1).abs().max() < 1e-6


def test_groups_divide_the_width_and_hold_at_least_eight():
    assert [groups(width) for width in (1, 7, 15, 16, 24, 31, 32, 64, 96, 256, 512)] == [
        1, 1, 1, 2, 3, 1, 4, 8, 12, 32, 32,
    ]  # fmt: skip
    for width in range(1, 200):
        assert width % groups(width) == 0


@pytest.mark.parametrize("kind", ["batch", "group"])
def test_what_does_not_go_together_is_refused(kind: NormKind):
    with pytest.raises(RecipeError, match="does not go with a sequence") as caught:
        norm(kind, Form("sequence", 4, (3,)))
    assert caught.value.code == "RECIPE-NORM" and caught.value.hint == "choose layer or none"
    with pytest.raises(RecipeError, match="pyramid"):
        norm(kind, pyramid((grid(4, 8, 8), grid(8, 4, 4))))
