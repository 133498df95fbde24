"""ResNet: its stages, stems and blocks, the plain twin, and that it learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pellucid.data.image import Images
from pellucid.errors import RecipeError
from pellucid.families.resnet import ResNet
from pellucid.forms import Form, grid
from pellucid.nn.blocks import Residual
from pellucid.nn.map_dropout import MapDropout
from pellucid.nn.trunk import Trunk
from pellucid.recipe import Recipe
from pellucid.training.run import Writer, events
from pellucid.training.session import prepare

torch.set_num_threads(1)


def build(form: Form, **fields: Any) -> Trunk:
    return ResNet.model_validate({"width": 2, **fields}).build(form)


def convolutions(trunk: Trunk) -> list[str]:
    """Names of those that are no shortcut."""
    return [name for name, one in trunk.named_modules() if isinstance(one, nn.Conv2d) and ".skip" not in name]


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_depth_counts_convolutions_and_head(depth: int, skips: bool):
    trunk = build(grid(3, 32, 32), depth=depth, skips=skips)
    assert len(convolutions(trunk)) + 1 == depth
    assert [level.width for level in trunk.out.levels] == [wide * (4 if depth >= 50 else 1) for wide in (2, 4, 8, 16)]
    assert any(isinstance(one, Residual) for one in trunk.modules()) is skips


@pytest.mark.parametrize(
    ("extent", "stem", "sides"),
    [
        ((224, 224), "auto", [56, 28, 14, 7]),
        ((64, 64), "auto", [16, 8, 4, 2]),
        ((63, 63), "auto", [63, 32, 16, 8]),
        ((32, 32), "full", [8, 4, 2, 1]),
        ((28, 28), "auto", [28, 14, 7, 4]),
        ((8, 8), "auto", [8, 4, 2, 1]),
        ((9, 9), "full", [3, 2, 1, 1]),
        ((1, 1), "auto", [1, 1, 1, 1]),
    ],
)
@pytest.mark.parametrize("depth", [18, 50])
def test_the_first_stage_has_the_size_of_the_stem_and_the_others_halve(
    extent: tuple[int, int], stem: str, sides: list[int], depth: int
):
    trunk = build(grid(1, *extent), stem=stem, depth=depth).eval()
    assert [level.extent for level in trunk.out.levels] == [(side, side) for side in sides]
    given = trunk(torch.randn(1, 1, *extent))
    assert [tuple(level.shape[2:]) for level in given] == [(side, side) for side in sides]


def test_shortcuts_are_the_input_itself_where_the_form_stays():
    for depth, expected in ((18, [False, True, True, True]), (50, [True, True, True, True])):
        blocks = [block for block in build(grid(1, 16, 16), depth=depth).blocks if isinstance(block, Residual)]
        counts = (2, 2, 2, 2) if depth == 18 else (3, 4, 6, 3)
        projected = [block.skip is not None for block in blocks]
        assert projected == [made for first, count in zip(expected, counts, strict=True)
                             for made in (first, *[False] * (count - 1))]  # fmt: skip
        assert all(block.branch[-1].activation is None for block in blocks)


def test_the_plain_twin_has_the_same_layers_and_an_activation_after_each():
    residual, plain = build(grid(1, 16, 16)), build(grid(1, 16, 16), skips=False)
    assert sum(isinstance(one, nn.ReLU) for one in plain.modules()) == len(convolutions(plain))
    assert len(convolutions(plain)) == len(convolutions(residual))


def test_a_zero_start_lets_the_shortcut_through_alone():
    trunk = build(grid(1, 8, 8), zero_start=True, norm="group")
    block = trunk.blocks[1]
    assert isinstance(block, Residual) and block.skip is None
    x_BCHW = torch.randn(2, 2, 8, 8)
    torch.testing.assert_close(block(x_BCHW), x_BCHW.relu())
    assert build(grid(1, 8, 8)).blocks[1](x_BCHW).sub(x_BCHW.relu()).abs().max() > 0.01


@pytest.mark.parametrize(
    ("fields", "hint"), [({"norm": "none"}, "use model.norm: batch"), ({"skips": False}, "use model.skips: true")]
)
def test_a_zero_start_without_scale_or_shortcut_is_refused(fields: dict[str, Any], hint: str):
    with pytest.raises(RecipeError, match="at 0") as fault:
        build(grid(1, 8, 8), zero_start=True, **fields)
    assert (fault.value.place.path, fault.value.hint) == ("model.zero_start", hint)


def test_dropout_is_of_the_last_maps_alone():
    trunk = build(grid(1, 8, 8), dropout=0.3)
    assert isinstance(trunk.blocks[-1], MapDropout)
    assert sum(isinstance(one, MapDropout) for one in trunk.modules()) == 1


def test_it_learns_small_digits():
    digits = Images(path="digits").read()
    assert digits.code_N is not None
    rows = (digits.pixel_NCHW[:500, 0], digits.code_N[:500].tolist())
    recipe = Recipe.model_validate({
        "data": {"kind": "images"},
        "model": {"kind": "resnet", "width": 8},
        "method": {"epochs": 6, "batch": 32},
        "precision": "float32",
        "threads": 1,
    })  # fmt: skip
    made = prepare(recipe, recipe.data.read_rows(rows))
    list(events(made, Writer(None)))
    train = made.dataset.train
    assert isinstance(train.input, torch.Tensor) and train.target is not None
    with torch.inference_mode():
        output_BC = made.state.network.eval()(train.input)
    assert (output_BC.argmax(1) == train.target).float().mean() > 0.9
