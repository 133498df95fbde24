"""What a network of convolutions sees: pictures it learnt from, what it says of others, its filters and its maps."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from pellucid.nn.blocks import ConvBlock
from pellucid.nn.trunk import Trunk
from pellucid.report.answers import tell
from pellucid.report.drawing import rgb
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.pictures import png
from pellucid.report.words import plain

SAMPLES = 5
"""Training pictures of each class."""
CLASSES = 12
"""Classes of which pictures are shown."""
PREDICTIONS = 18
FILTERS = 64
MAPS = 8
"""Maps of a stage that are shown: those that differ most from place to place."""
EDGE = 0.8
"""Share of a filter's strength along an edge detector from which it counts as one."""


def seeing(evidence: Evidence, train: Outcome, test: Outcome) -> dict[str, Any] | None:
    """Pictures, predictions, filters and maps, or None where the data is no images."""
    if evidence.pixels is None or not len(train):
        return None
    shown: dict[str, Any] = {"samples": _samples(evidence, train), "predictions": _predictions(evidence, test)}
    first = _first_convolution(evidence.network)
    if first is not None:
        shown["filters"] = filters(first)
        chosen = test if len(test) else train
        shown["maps"] = _maps(evidence, chosen, first)
    return shown


def _samples(evidence: Evidence, train: Outcome) -> list[dict[str, Any]]:
    """Training pictures, by class where there are classes."""
    target, rows = evidence.signature.target, rows_of(train.batch)
    assert target is not None and evidence.pixels is not None
    if target.kind != "classes":
        return [{"name": "", "images": [picture(evidence.pixels(row)) for row in rows[: 3 * SAMPLES]]}]
    codes = train.truth.tolist()
    named = []
    for code, name in enumerate(target.classes[:CLASSES]):
        places = [place for place, own in enumerate(codes) if own == code][:SAMPLES]
        named.append({"name": name, "images": [picture(evidence.pixels(rows[place])) for place in places]})
    return named


def _predictions(evidence: Evidence, test: Outcome) -> list[dict[str, Any]]:
    """Test pictures from all over the part, with the truth and what the network says."""
    assert evidence.pixels is not None
    count, rows = len(test), rows_of(test.batch)
    places = range(0, count, max(1, count // PREDICTIONS))
    shown = []
    for place in list(places)[:PREDICTIONS]:
        told = tell(evidence, test, place)
        shown.append({"row": rows[place], "image": picture(evidence.pixels(rows[place])), **told})
    return shown


def _first_convolution(network: nn.Module) -> nn.Conv2d | None:
    return next((module for module in network.modules() if isinstance(module, nn.Conv2d)), None)


def filters(convolution: nn.Conv2d) -> dict[str, Any]:
    """The filters of a convolution as pictures, and how many of them are detectors of edges."""
    weight_OIHW = convolution.weight.detach().float().cpu()
    share_O = edge_share(weight_OIHW)
    order = torch.argsort(share_O, descending=True, stable=True)[:FILTERS].tolist()
    return {
        "images": [_filter_picture(weight_OIHW[at]) for at in order],
        "edge": [plain(float(share_O[at])) for at in order],
        "edges": int((share_O >= EDGE).sum()),
        "count": len(weight_OIHW),
        "size": list(weight_OIHW.shape[2:]),
    }


def edge_share(weight_OIHW: torch.Tensor) -> torch.Tensor:
    """share_O: how much of each filter (its mean over the inputs) is a Sobel operator in some direction, 0 to 1.

    The two Sobel operators, smoothed derivatives across and down (Sobel and Feldman 1968), span every direction; larger
    filters are held against the derivatives of a Gaussian, which they are samples of.
    """
    weight_OHW = weight_OIHW.mean(1).double()
    height, width = weight_OHW.shape[1:]
    if min(height, width) < 2:
        return torch.zeros(len(weight_OHW), dtype=torch.float64)
    across, down = sobel(height, width)
    base_2P = torch.linalg.qr(torch.stack([across.flatten(), down.flatten()], 1)).Q.T
    flat_OP = weight_OHW.flatten(1)
    strength_O = flat_OP.norm(dim=1)
    return torch.where(strength_O > 0, (flat_OP @ base_2P.T).norm(dim=1) / strength_O.clamp_min(1e-30), 0.0)


def sobel(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(across_HW, down_HW) in float64: exactly Sobel's operators for 3 x 3, else derivatives of a Gaussian."""
    row, column = (_binomial(side) for side in (height, width))
    slope_down, slope_across = (torch.linspace(-1, 1, side, dtype=torch.float64) for side in (height, width))
    if (height, width) == (3, 3):
        return row[:, None] * slope_across[None], slope_down[:, None] * column[None]
    return row[:, None] * (column * slope_across)[None], (row * slope_down)[:, None] * column[None]


def _binomial(side: int) -> torch.Tensor:
    """1 2 1 for 3: the samples of a Gaussian that fits."""
    return torch.tensor([math.comb(side - 1, place) for place in range(side)], dtype=torch.float64)


def _filter_picture(weight_IHW: torch.Tensor) -> str:
    """Three inputs as colours, others as their mean; grey is 0, so that sign can be seen."""
    seen = weight_IHW if len(weight_IHW) == 3 else weight_IHW.mean(0, keepdim=True)
    most = float(seen.abs().max()) or 1.0
    pixels = (127.5 + 127.5 * seen / most).round().to(torch.uint8).permute(1, 2, 0)
    return picture(pixels.numpy())


def _maps(evidence: Evidence, outcome: Outcome, first: nn.Conv2d) -> dict[str, Any]:
    """The maps of every stage for the first picture of a part, and the three stages of the first block."""
    assert evidence.pixels is not None
    wanted = _stages(evidence.network)
    block = next((one for one in evidence.network.modules() if isinstance(one, ConvBlock) and one.conv is first), None)
    parts = {} if block is None else {"convolution": block.conv, "activation": block.activation, "pooling": block.pool}
    detector = {name: module for name, module in parts.items() if module is not None}
    one = outcome.batch.part(0, 1)
    given = _watched(evidence, one, [*wanted, *detector.values()])
    ran = [key for key in given if key in {id(module) for module in wanted}]
    stages = []
    for number, key in enumerate(ran):
        map_CHW = given[key]
        strongest = torch.argsort(map_CHW.flatten(1).std(1, correction=0), descending=True, stable=True)[:MAPS].tolist()
        images = [_map_picture(map_CHW[channel]) for channel in strongest]
        stages.append(
            {"name": f"stage {number + 1}", "shape": list(map_CHW.shape), "channels": strongest, "images": images}
        )
    row = rows_of(one)[0]
    found: dict[str, Any] = {"row": row, "image": picture(evidence.pixels(row)), "stages": stages}
    if detector:
        channel = int(given[id(first)].flatten(1).std(1, correction=0).argmax())
        pictures = [{"name": name, "image": _map_picture(given[id(part)][channel])} for name, part in detector.items()]
        found["detector"] = {"channel": channel, "parts": pictures}
    return found


def _stages(network: nn.Module) -> list[nn.Module]:
    """The blocks at the end of every stage: those that are tapped, else every block, or every part of a single one."""
    trunk = next((module for module in network.modules() if isinstance(module, Trunk)), None)
    if trunk is None:
        return []
    blocks = list(trunk.blocks)
    if len(blocks) == 1 and not trunk.taps:
        parts = blocks[0].children()
        blocks = [one for part in parts for one in (part if isinstance(part, nn.ModuleList) else [part])]
    return [blocks[tap] for tap in trunk.taps] or blocks


def _watched(evidence: Evidence, batch: Any, modules: list[nn.Module]) -> dict[int, torch.Tensor]:
    """map_CHW that each module gave for the one example of `batch`, in the order they ran; without those of no map."""
    given: dict[int, torch.Tensor] = {}

    def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.dim() == 4:
            given[id(module)] = output[0].detach().float().cpu()

    hooks = [module.register_forward_hook(note) for module in modules]
    try:
        evidence.forward(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return given


def _map_picture(map_HW: torch.Tensor) -> str:
    """From the smallest number, black, to the largest, white."""
    low, high = float(map_HW.min()), float(map_HW.max())
    pixels = ((map_HW - low) * (255 / (high - low) if high > low else 0.0)).round().to(torch.uint8)
    return picture(pixels.numpy())


def picture(pixels: Any) -> str:
    """uint8 HW or HWC as a data URI; of a clip, the first frame."""
    pixels = rgb(pixels)
    return png(pixels.tobytes(), pixels.shape[1], pixels.shape[0], channels=3)
