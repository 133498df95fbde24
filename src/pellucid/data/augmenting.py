"""The augmentations: random changes of a whole prepared batch, all drawn from the `Draw` they are given.

An augmentation is a function of (seed, epoch, batch), never of what was drawn before, so a resumed run changes its
images exactly as the run that was never stopped. What comes in from outside an image is black, at its prepared value.

    B  images    C  channels    H, W  height and width    D  features of a table
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt

from pellucid.data.augment import Augment
from pellucid.data.batch import Batch, Rows
from pellucid.errors import DataError, Place

if TYPE_CHECKING:
    import torch

    from pellucid.seeds import Draw

Share = Annotated[float, Ge(0), Le(1)]
GRID = frozenset({"grid"})
GRID_AND_VECTOR = frozenset({"grid", "vector"})


class Flip(Augment):
    """Mirrors some images; only right where a mirrored image keeps its label, unlike digits or text."""

    kind: Literal["flip"] = "flip"
    forms: ClassVar = GRID
    horizontal: Share = 0.5
    """Probability of exchanging left and right."""
    vertical: Share = 0.0
    """Probability of exchanging top and bottom."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """One decision for each image and direction."""
        import torch

        x_BCHW = _grid(batch, "flip")
        for share, axis in ((self.horizontal, 3), (self.vertical, 2)):
            turned_B = draw.uniform((len(x_BCHW),)) < share
            if share:
                x_BCHW = torch.where(turned_B[:, None, None, None], x_BCHW.flip(axis), x_BCHW)
        return replace(batch, input=x_BCHW)


class Shift(Augment):
    """Moves each image by whole pixels, up to a share of its size in every direction."""

    kind: Literal["shift"] = "shift"
    forms: ClassVar = GRID
    share: Annotated[float, Ge(0), Le(0.5)] = 0.1
    """Largest shift, as a share of height and of width; at least one pixel unless 0."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Reads every pixel from its shifted place; what comes from outside is black."""
        import torch

        x_BCHW = _grid(batch, "shift")
        count, channels, height, width = x_BCHW.shape
        rows_B, columns_B = (self._steps(draw, count, side) for side in (height, width))
        row_BH = torch.arange(height, device=x_BCHW.device)[None] - rows_B[:, None]
        column_BW = torch.arange(width, device=x_BCHW.device)[None] - columns_B[:, None]
        inside_BHW = _within(row_BH, height)[:, :, None] & _within(column_BW, width)[:, None, :]
        index_BHW = row_BH.clamp(0, height - 1)[:, :, None] * width + column_BW.clamp(0, width - 1)[:, None, :]
        index_BCP = index_BHW.reshape(count, 1, -1).expand(count, channels, -1)
        moved_BCHW = x_BCHW.reshape(count, channels, -1).gather(2, index_BCP).view_as(x_BCHW)
        return replace(batch, input=torch.where(inside_BHW[:, None], moved_BCHW, _black(x_BCHW, black_C)))

    def _steps(self, draw: Draw, count: int, side: int) -> torch.Tensor:
        most = max(1, round(self.share * side)) if self.share else 0
        return draw.integers(-most, most + 1, (count,))


class Crop(Augment):
    """Cuts out a random square part of each image and brings it back to full size (Szegedy et al. 2014)."""

    kind: Literal["crop"] = "crop"
    forms: ClassVar = GRID
    reference: ClassVar = "Szegedy et al. 2014, arXiv:1409.4842, section 6; there the smallest share is 0.08"
    share: Annotated[float, Gt(0), Le(1)] = 0.6
    """Smallest part that is kept, as a share of the area."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """The proportions of the image are kept; values between pixels are bilinear."""
        import torch

        x_BCHW = _grid(batch, "crop")
        count = len(x_BCHW)
        scale_B = draw.uniform((count,), self.share, 1.0).sqrt()
        left_B, top_B = (draw.uniform((count,), -1.0, 1.0) * (1 - scale_B) for _ in range(2))
        zero_B = torch.zeros_like(scale_B)
        rows = [torch.stack([scale_B, zero_B, left_B], 1), torch.stack([zero_B, scale_B, top_B], 1)]
        return replace(batch, input=_sampled(x_BCHW, torch.stack(rows, 1), black_C))


class Rotate(Augment):
    """Turns each image about its centre by a random angle."""

    kind: Literal["rotate"] = "rotate"
    forms: ClassVar = GRID
    degrees: Annotated[float, Ge(0), Le(180)] = 10.0
    """Largest angle, either way."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Values between pixels are bilinear; the corners that appear are black."""
        import torch

        x_BCHW = _grid(batch, "rotate")
        height, width = x_BCHW.shape[2:]
        angle_B = torch.deg2rad(draw.uniform((len(x_BCHW),), -self.degrees, self.degrees))
        cosine_B, sine_B, zero_B = angle_B.cos(), angle_B.sin(), torch.zeros_like(angle_B)
        # coordinates run from -1 to 1 on both axes, so a turn of pixels that are not square needs the proportions
        across = torch.stack([cosine_B, -sine_B * (height / width), zero_B], 1)
        down = torch.stack([sine_B * (width / height), cosine_B, zero_B], 1)
        return replace(batch, input=_sampled(x_BCHW, torch.stack([across, down], 1), black_C))


class Brightness(Augment):
    """Changes the light of each image: x * contrast about its mean, plus a brightness common to all channels."""

    kind: Literal["brightness"] = "brightness"
    forms: ClassVar = GRID
    amount: Annotated[float, Ge(0), Le(2)] = 0.2
    """Largest change of brightness, in standard deviations of the training images."""
    contrast: Annotated[float, Ge(0), Lt(1)] = 0.2
    """Largest change of contrast, as a share."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """One draw of each for every image."""
        x_BCHW = _grid(batch, "brightness")
        shape = (len(x_BCHW), 1, 1, 1)
        factor, light = draw.uniform(shape, 1 - self.contrast, 1 + self.contrast), draw.uniform(shape, -1.0, 1.0)
        mean_BC11 = x_BCHW.mean(dim=(2, 3), keepdim=True)
        return replace(batch, input=(x_BCHW - mean_BC11) * factor + mean_BC11 + light * self.amount)


class Erase(Augment):
    """Blackens a random rectangle of each image, so that no single spot decides (Zhong et al. 2017)."""

    kind: Literal["erase"] = "erase"
    forms: ClassVar = GRID
    reference: ClassVar = "Zhong et al. 2017, arXiv:1708.04896; black rather than noise, and every image"
    share: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Largest area that is blackened, as a share."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Area from 2 % (or less where `share` is) to `share`, height to width from 1/3 to 3, fully inside."""
        import torch

        x_BCHW = _grid(batch, "erase")
        count, _, height, width = x_BCHW.shape
        area_B = draw.uniform((count,), min(0.02, self.share), self.share)
        ratio_B = torch.exp(draw.uniform((count,), -1.0986, 1.0986))  # the logarithm of 3, both ways
        inside = [
            self._side(draw, count, side, part_B)
            for side, part_B in ((height, (area_B * ratio_B).sqrt()), (width, (area_B / ratio_B).sqrt()))
        ]
        hidden_BHW = inside[0][:, :, None] & inside[1][:, None, :]
        return replace(batch, input=torch.where(hidden_BHW[:, None], _black(x_BCHW, black_C), x_BCHW))

    def _side(self, draw: Draw, count: int, side: int, part_B: torch.Tensor) -> torch.Tensor:
        """bool inside_BS: a run of pixels of one side that is `part_B` of it long, anywhere."""
        import torch

        length_B = (part_B.clamp(max=1) * side).round()
        start_B = (draw.uniform((count,)) * (side - length_B + 1)).floor()
        at_S = torch.arange(side, device=part_B.device)[None]
        return (at_S >= start_B[:, None]) & (at_S < (start_B + length_B)[:, None])


class Mixup(Augment):
    """Mixes each example with another and learns from both targets (Zhang et al. 2017).

    x = share * x1 + (1 - share) * x2, loss = share * loss(target 1) + (1 - share) * loss(target 2), share ~
    Beta(alpha, alpha), one for each example. Categories cannot be mixed: a table with categories is refused.
    """

    kind: Literal["mixup"] = "mixup"
    forms: ClassVar = GRID_AND_VECTOR
    reference: ClassVar = "Zhang et al. 2017, arXiv:1710.09412, section 2; there one share for a whole batch"
    alpha: Annotated[float, Gt(0), Le(8)] = 0.2
    """Of the Beta distribution: near 0 hardly mixes, 1 mixes in any proportion."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Sets `mixed` to (the other target, share_B of the first); the weights are mixed as the examples are."""
        import torch

        if batch.target is None or batch.mixed is not None:
            raise _refused("mixup", "needs a target" if batch.target is None else "can be used once only")
        if isinstance(batch.input, tuple):
            raise _refused("mixup", "cannot mix categories; use it for images, or tables of numbers alone")
        order_B = draw.permutation(len(batch))
        share_B = beta(self.alpha, len(batch), draw)
        share_B = torch.maximum(share_B, 1 - share_B)  # the first example stays the larger part, as `row_B` says
        share = share_B.view(-1, *[1] * (batch.input.dim() - 1))
        mixed = share * batch.input + (1 - share) * batch.input[order_B]
        weight_B = batch.weight_B
        if weight_B is not None:
            weight_B = share_B * weight_B + (1 - share_B) * weight_B[order_B]
        return replace(batch, input=mixed, weight_B=weight_B, mixed=(batch.target[order_B], share_B))


class Noise(Augment):
    """Adds normal noise to pixels or numbers; for linear models it is ridge regression (Bishop 1995)."""

    kind: Literal["noise"] = "noise"
    forms: ClassVar = GRID_AND_VECTOR
    reference: ClassVar = "Bishop 1995, doi:10.1162/neco.1995.7.1.108"
    scale: Annotated[float, Ge(0), Le(5)] = 0.1
    """Standard deviation, in standard deviations of the training data."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Numbers change, categories and targets do not."""
        signal = batch.input
        if isinstance(signal, Rows):
            number_BD = signal.number_BD + draw.normal(tuple(signal.number_BD.shape), self.scale)
            return replace(batch, input=signal._replace(number_BD=number_BD))
        if isinstance(signal, tuple):
            raise _refused("noise", "needs images or a table")
        return replace(batch, input=signal + draw.normal(tuple(signal.shape), self.scale))


def beta(alpha: float, count: int, draw: Draw) -> torch.Tensor:
    """float32 share_B ~ Beta(alpha, alpha), from the generator of `draw` alone.

    Two gamma draws by Marsaglia and Tsang (2000, doi:10.1145/358407.358414) with a fixed number of attempts, so the
    numbers taken from the stream do not depend on luck; in log space, for small alpha gives gammas below 1e-38.
    """
    logarithm_2B = _log_gamma_draws(alpha, (2, count), draw)
    return (logarithm_2B[0] - logarithm_2B[1]).sigmoid().float()


def _log_gamma_draws(alpha: float, shape: tuple[int, ...], draw: Draw) -> torch.Tensor:
    """float64 logarithms of Gamma(alpha) draws; each attempt is accepted with probability above 0.95."""
    import torch

    attempts = 16  # all 16 fail with probability below 1e-20
    d = alpha + 1 - 1 / 3
    c = 1 / (9 * d) ** 0.5
    normal = draw.normal((attempts, *shape)).double()
    uniform = draw.uniform((attempts, *shape)).double().clamp(min=1e-12)
    v = (1 + c * normal) ** 3
    log_v = v.clamp(min=1e-300).log()
    accepted = (v > 0) & (uniform.log() < 0.5 * normal**2 + d - d * v + d * log_v)
    first = accepted.to(torch.uint8).argmax(dim=0, keepdim=True)
    log_gamma = (d * v.clamp(min=1e-300)).log().gather(0, first)[0]
    # Gamma(alpha) = Gamma(alpha + 1) * uniform ** (1 / alpha)
    return log_gamma + draw.uniform(shape).double().clamp(min=1e-12).log() / alpha


def _grid(batch: Batch, name: str) -> torch.Tensor:
    """The images of a batch. Raises: DataError where it holds something else."""
    signal = batch.input
    if isinstance(signal, tuple) or signal.dim() != 4:
        raise _refused(name, "needs images")
    return signal


def _refused(name: str, why: str) -> DataError:
    return DataError("DATA-AUGMENT", f"{name} {why}", place=Place(path="data.augment"))


def _within(index: torch.Tensor, side: int) -> torch.Tensor:
    return (index >= 0) & (index < side)


def _black(x_BCHW: torch.Tensor, black_C: torch.Tensor | None) -> torch.Tensor:
    """black_1C11; without known values, 0, which is the mean."""
    black_C = x_BCHW.new_zeros(x_BCHW.shape[1]) if black_C is None else black_C
    return black_C.to(x_BCHW)[None, :, None, None]


def _sampled(x_BCHW: torch.Tensor, theta_B23: torch.Tensor, black_C: torch.Tensor | None) -> torch.Tensor:
    """`x_BCHW` read at the places of an affine map, black outside: black becomes 0 before, and itself again after."""
    from torch.nn import functional

    black = _black(x_BCHW, black_C)
    places_BHW2 = functional.affine_grid(theta_B23, list(x_BCHW.shape), align_corners=False)
    return functional.grid_sample(x_BCHW - black, places_BHW2, align_corners=False) + black
