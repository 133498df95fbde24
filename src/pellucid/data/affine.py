"""Images moved by one affine map each, and the masks and boxes that belong to them moved alike.

A map theta_B23 says where each place of the new image is read in the old one. Both run from -1 to 1 across the whole
image, left to right and top to bottom, as `torch.nn.functional.affine_grid` has it.

    B  images    C  channels    H, W  height and width    M  boxes of an image: (left, top, right, bottom, class code)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from torch.nn import functional

from pellucid.data.batch import Batch
from pellucid.forms import UNJUDGED

KEPT = 0.25
"""Share of its area that must stay in the image for a box to be kept: of less, too little of the thing is seen."""


def placed(target: torch.Tensor | None) -> Literal["mask", "boxes"] | None:
    """What in `target` has a place in the image: uint8 target_BHW is a mask, float target_BM5 boxes, else neither."""
    if target is None or target.dim() != 3:
        return None
    if target.dtype == torch.uint8:
        return "mask"
    return "boxes" if target.is_floating_point() and target.shape[2] == 5 else None


def black(x_BCHW: torch.Tensor, black_C: torch.Tensor | None) -> torch.Tensor:
    """black_1C11; without known values, 0, which is the mean."""
    black_C = x_BCHW.new_zeros(x_BCHW.shape[1]) if black_C is None else black_C
    return black_C.to(x_BCHW)[None, :, None, None]


def moved(batch: Batch, theta_B23: torch.Tensor, black_C: torch.Tensor | None, *, whole: bool) -> Batch:
    """`batch` with its images read at the places of `theta_B23`, black outside, and its masks or boxes moved with them.

    A `whole` map takes pixels to pixels without a turn, and copies them. Others read bilinearly, masks always nearest.
    """
    x_BCHW, target = batch.input, batch.target
    assert isinstance(x_BCHW, torch.Tensor)
    height, width = x_BCHW.shape[2:]
    fill = black(x_BCHW, black_C)
    if whole:
        x_B1W = theta_B23[:, 0, 0, None, None] * _centres(width, theta_B23) + theta_B23[:, 0, 2, None, None]
        y_BH1 = theta_B23[:, 1, 1, None, None] * _centres(height, theta_B23)[:, None] + theta_B23[:, 1, 2, None, None]
        places = (x_B1W, y_BH1)
        x_BCHW = _copied(x_BCHW, places, fill)
    else:  # black becomes 0 before, and itself again after
        places_BHW2 = functional.affine_grid(theta_B23, list(x_BCHW.shape), align_corners=False)
        places = places_BHW2.unbind(3)
        x_BCHW = functional.grid_sample(x_BCHW - fill, places_BHW2, align_corners=False) + fill
    if target is not None and (kind := placed(target)) is not None:
        if kind == "mask":
            target = _copied(target[:, None], places, target.new_tensor(UNJUDGED))[:, 0]
        else:
            target = moved_boxes(target, theta_B23, height, width)
    return replace(batch, input=x_BCHW, target=target)


def _centres(side: int, like: torch.Tensor) -> torch.Tensor:
    """The places of the centres of `side` pixels."""
    return (2 * torch.arange(side, dtype=like.dtype, device=like.device) + 1) / side - 1


def _copied(x_BCHW: torch.Tensor, places: tuple[torch.Tensor, ...], fill: torch.Tensor) -> torch.Tensor:
    """Copies of the pixels nearest to the places (x, y), each BHW or broadcast to it; `fill` for places outside."""
    count, channels, height, width = x_BCHW.shape
    column, row = (
        (place * (side / 2) + (side - 1) / 2).round().clamp(0, side - 1).long()
        for place, side in zip(places, (width, height), strict=True)
    )
    inside_BHW = (places[0].abs() < 1) & (places[1].abs() < 1)
    index_BCP = (row * width + column).view(count, 1, -1).expand(count, channels, -1)
    copied_BCHW = x_BCHW.reshape(count, channels, -1).gather(2, index_BCP).view_as(x_BCHW)
    return torch.where(inside_BHW[:, None], copied_BCHW, fill)


def moved_boxes(box_BM5: torch.Tensor, theta_B23: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The upright boxes around the moved corners, cut at the edges; what is hardly seen becomes padding, put last."""
    half_2 = box_BM5.new_tensor([width / 2, height / 2])
    linear_B22 = theta_B23[:, :, :2] * (half_2[:, None] / half_2)  # of pixels about the centre
    offset_B112 = (theta_B23[:, :, 2] * half_2)[:, None, None]
    corner_BM42 = torch.stack([box_BM5[..., [0, 2, 0, 2]], box_BM5[..., [1, 1, 3, 3]]], dim=3) - half_2
    back_B122 = torch.linalg.inv(linear_B22).transpose(1, 2)[:, None]
    corner_BM42 = (corner_BM42 - offset_B112) @ back_B122 + half_2
    low_BM2, high_BM2 = corner_BM42.amin(dim=2), corner_BM42.amax(dim=2)
    cut_low_BM2, cut_high_BM2 = (torch.minimum(ends.clamp(min=0), 2 * half_2) for ends in (low_BM2, high_BM2))
    area_BM, seen_BM = (high_BM2 - low_BM2).prod(dim=2), (cut_high_BM2 - cut_low_BM2).prod(dim=2)
    code_BM = box_BM5[..., 4]
    kept_BM = (code_BM >= 0) & (seen_BM > 0) & (seen_BM >= KEPT * area_BM)
    padding_5 = box_BM5.new_tensor([0.0, 0.0, 0.0, 0.0, -1.0])
    box_BM5 = torch.cat([cut_low_BM2, cut_high_BM2, code_BM[..., None]], dim=2)
    box_BM5 = torch.where(kept_BM[..., None], box_BM5, padding_5)
    order_BM = kept_BM.logical_not().to(torch.uint8).argsort(dim=1, stable=True)
    return box_BM5.gather(1, order_BM[..., None].expand_as(box_BM5))
