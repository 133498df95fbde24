"""What a network of convolutions sees: samples, predictions, filters, maps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from pellucid.report.evidence import Evidence
from pellucid.report.outcome import outcome
from pellucid.report.seeing import edge_share, filters, seeing, sobel
from pellucid.report.seeing_html import filters as filters_html
from pellucid.report.seeing_html import samples as samples_html


def test_sobels_operators_are_edges_in_every_direction_and_blobs_are_not():
    across, down = sobel(3, 3)
    assert across.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert down.tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    diagonal, blob = 0.6 * across - 0.8 * down, torch.outer(torch.tensor([1.0, 2, 1]), torch.tensor([1.0, 2, 1]))
    weight_OIHW = torch.stack([across, down, diagonal, blob.double()])[:, None].float()
    torch.testing.assert_close(edge_share(weight_OIHW), torch.tensor([1.0, 1, 1, 0]).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("side", [2, 4, 5, 7])
def test_larger_filters_are_held_against_derivatives_of_a_gaussian(side: int):
    across, _ = sobel(side, side)
    turned = across.flip(1)
    assert torch.allclose(turned, -across) and float(edge_share(across[None, None].float())[0]) == pytest.approx(1.0)


def test_filters_of_one_pixel_are_no_edges():
    found = filters(nn.Conv2d(3, 5, 1))
    assert found["edges"] == 0 and found["count"] == 5 and len(found["images"]) == 5


def test_a_network_of_convolutions_shows_pictures_filters_and_maps(evidence: Callable[[str], Evidence]):
    found_in = evidence("digits")
    train, test = outcome(found_in, "train"), outcome(found_in, "test")
    found = seeing(found_in, train, test)
    assert found is not None
    assert [group["name"] for group in found["samples"]] == list(found_in.signature.target.classes)  # type: ignore[union-attr]
    assert {one["truth"] for one in found["predictions"]} <= set(map(str, range(10)))
    first = next(module for module in found_in.network.modules() if isinstance(module, nn.Conv2d))
    assert found["filters"]["count"] == first.out_channels
    page = samples_html({"seeing": found}) + filters_html({"seeing": found})
    assert page.count("<img") > 20 and "Filters and maps" in page
