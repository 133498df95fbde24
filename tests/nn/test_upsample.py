"""The step up, at even and odd sizes, and the network shaped like a U."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from pellucid.nn.upsample import U, Up, UpKind

torch.set_num_threads(1)
KINDS: tuple[UpKind, ...] = ("transposed", "bilinear")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("extent", [(6, 8), (7, 8), (6, 9), (7, 9)])
def test_a_step_up_ends_at_the_size_that_is_asked(kind: UpKind, extent: tuple[int, int]):
    assert Up(4, 3, kind)(torch.randn(2, 4, 3, 4), extent).shape == (2, 3, *extent)


def test_a_transposed_step_paints_a_patch_for_every_place():
    up, x_BIHW = Up(1, 1, "transposed"), torch.tensor([[[[2.0, 3.0]]]])
    assert isinstance(up.conv, nn.ConvTranspose2d) and up.conv.bias is not None
    patch, bias = up.conv.weight[0, 0], up.conv.bias
    torch.testing.assert_close(up(x_BIHW, (2, 4))[0, 0], torch.cat([2 * patch, 3 * patch], 1) + bias)


def test_a_bilinear_step_interpolates_first_or_last_alike():
    up, x_BIHW = Up(4, 3, "bilinear"), torch.randn(2, 4, 3, 5)
    wide = functional.interpolate(x_BIHW, (7, 10), mode="bilinear")
    torch.testing.assert_close(up(x_BIHW, (7, 10)), up.conv(wide))


def u() -> U:
    down = [nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 4, 3, padding=1)]
    ups = [Up(4, 2, "transposed"), Up(8, 4, "bilinear")]
    after = [nn.Conv2d(4, 2, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)]
    return U(down, nn.Conv2d(4, 8, 3, padding=1), ups, after)


@pytest.mark.parametrize("extent", [(8, 8), (9, 6), (5, 7)])
def test_the_u_keeps_the_size(extent: tuple[int, int]):
    assert u()(torch.randn(2, 1, *extent)).shape == (2, 2, *extent)


def test_the_u_is_the_same_as_written_by_hand():
    made, x_BCHW = u(), torch.randn(2, 1, 9, 6)
    first = made.down[0](x_BCHW)
    second = made.down[1](functional.max_pool2d(first, 2))
    bottom = made.bottom(functional.max_pool2d(second, 2))
    up = made.after[1](torch.cat([second, made.ups[1](bottom, (4, 3))], 1))
    expected = made.after[0](torch.cat([first, made.ups[0](up, (9, 6))], 1))
    torch.testing.assert_close(made(x_BCHW), expected)
