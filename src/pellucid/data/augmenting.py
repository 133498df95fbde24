"""The augmentations: random changes of a whole prepared batch, all drawn from the `Draw` they are given.

An augmentation is a function of (seed, epoch, batch), never of what was drawn before, so a resumed run changes its
images exactly as the run that was never stopped. What comes in from outside an image is black, at its prepared value.
A clip is changed as one image whose channels are those of its frames: every frame is moved, lit and erased alike.

    B  images    C  channels    H, W  height and width    D  features of a table
"""

from __future__ import annotations

import math
from abc import abstractmethod
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


class Moving(Augment):
    """Moves every image by one affine map; masks and boxes go with it."""

    forms: ClassVar = GRID
    whole: ClassVar[bool] = False
    """Whether pixels are moved to pixels; their values are copied then, else bilinear."""

    @abstractmethod
    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """theta_B23: where each new image is read in the old one (see `affine`)."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Reads every image at its moved places; what comes from outside is black, and not judged in a mask."""
        from pellucid.data import affine

        x_BCHW = _grid(batch, self)
        count, _, height, width = x_BCHW.shape
        return affine.moved(batch, self.theta(draw, count, height, width), black_C, whole=self.whole)


class Flip(Moving):
    """Mirrors some images; only right where a mirrored image keeps its label, unlike digits or text."""

    kind: Literal["flip"] = "flip"
    whole: ClassVar = True
    horizontal: Share = 0.5
    """Probability of exchanging left and right."""
    vertical: Share = 0.0
    """Probability of exchanging top and bottom."""

    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """One decision for each image and direction."""
        x_B, y_B = (1 - 2 * (draw.uniform((count,)) < share).float() for share in (self.horizontal, self.vertical))
        return _maps(x_B, 0, 0, 0, y_B, 0)


class Shift(Moving):
    """Moves each image by whole pixels, up to a share of its size in every direction."""

    kind: Literal["shift"] = "shift"
    whole: ClassVar = True
    share: Annotated[float, Ge(0), Le(0.5)] = 0.1
    """Largest shift, as a share of height and of width; at least one pixel unless 0."""

    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """Down and across are drawn apart."""
        down_B, across_B = (self._steps(draw, count, side) * (-2 / side) for side in (height, width))
        return _maps(1, 0, across_B, 0, 1, down_B)

    def _steps(self, draw: Draw, count: int, side: int) -> torch.Tensor:
        most = max(1, round(self.share * side)) if self.share else 0
        return draw.integers(-most, most + 1, (count,))


class Crop(Moving):
    """Cuts out a random square part of each image and brings it back to full size (Szegedy et al. 2014)."""

    kind: Literal["crop"] = "crop"
    reference: ClassVar = "Szegedy et al. 2014, arXiv:1409.4842, section 6; there the smallest share is 0.08"
    share: Annotated[float, Gt(0), Le(1)] = 0.6
    """Smallest part that is kept, as a share of the area."""

    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """The proportions of the image are kept."""
        side_B = draw.uniform((count,), self.share, 1.0).sqrt()
        left_B, top_B = (draw.uniform((count,), -1.0, 1.0) * (1 - side_B) for _ in range(2))
        return _maps(side_B, 0, left_B, 0, side_B, top_B)


class Rotate(Moving):
    """Turns each image about its centre by a random angle; a box becomes the upright one around its turned corners."""

    kind: Literal["rotate"] = "rotate"
    degrees: Annotated[float, Ge(0), Le(180)] = 10.0
    """Largest angle, either way."""

    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """A place runs from -1 to 1 on both axes, so a turn of pixels that are not square needs the proportions."""
        import torch

        angle_B = torch.deg2rad(draw.uniform((count,), -self.degrees, self.degrees))
        cosine_B, sine_B = angle_B.cos(), angle_B.sin()
        return _maps(cosine_B, -sine_B * (height / width), 0, sine_B * (width / height), cosine_B, 0)


class Scale(Moving):
    """Shows each image larger or smaller about its centre; larger ones lose their edges, smaller ones get black."""

    kind: Literal["scale"] = "scale"
    most: Annotated[float, Ge(1), Le(2)] = 1.25
    """Largest factor, either way."""

    def theta(self, draw: Draw, count: int, height: int, width: int) -> torch.Tensor:
        """As often larger as smaller: the logarithm of the factor is uniform."""
        side_B = draw.uniform((count,), -1.0, 1.0).mul(math.log(self.most)).exp()
        return _maps(side_B, 0, 0, 0, side_B, 0)


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
        x_BCHW = _grid(batch, self)
        shape = (len(x_BCHW), 1, 1, 1)
        factor, light = draw.uniform(shape, 1 - self.contrast, 1 + self.contrast), draw.uniform(shape, -1.0, 1.0)
        mean_BC11 = x_BCHW.mean(dim=(2, 3), keepdim=True)
        return replace(batch, input=(x_BCHW - mean_BC11) * factor + mean_BC11 + light * self.amount)


class Color(Augment):
    """Changes the colour of the light: red, green and blue times a factor each, one for all frames of a clip."""

    kind: Literal["color"] = "color"
    forms: ClassVar = GRID
    channels: ClassVar = 3
    amount: Annotated[float, Ge(0), Lt(1)] = 0.2
    """Largest change of a channel, as a share."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Black stays black."""
        from pellucid.data.affine import black

        x_BCHW = _grid(batch, self)
        frames, rest = divmod(x_BCHW.shape[1], 3)
        if rest:
            raise _refused(self, "needs red, green and blue")
        factor_BC11 = draw.uniform((len(x_BCHW), 3, 1, 1), 1 - self.amount, 1 + self.amount).repeat(1, frames, 1, 1)
        dark_1C11 = black(x_BCHW, black_C)
        return replace(batch, input=(x_BCHW - dark_1C11) * factor_BC11 + dark_1C11)


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

        from pellucid.data.affine import black

        x_BCHW = _grid(batch, self)
        count, _, height, width = x_BCHW.shape
        area_B = draw.uniform((count,), min(0.02, self.share), self.share)
        ratio_B = torch.exp(draw.uniform((count,), -1.0986, 1.0986))  # the logarithm of 3, both ways
        inside = [
            self._side(draw, count, side, part_B)
            for side, part_B in ((height, (area_B * ratio_B).sqrt()), (width, (area_B / ratio_B).sqrt()))
        ]
        hidden_BHW = inside[0][:, :, None] & inside[1][:, None, :]
        return replace(batch, input=torch.where(hidden_BHW[:, None], black(x_BCHW, black_C), x_BCHW))

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
    Beta(alpha, alpha), one for each example. Categories, masks and boxes cannot be mixed, and are refused.
    """

    kind: Literal["mixup"] = "mixup"
    forms: ClassVar = GRID_AND_VECTOR
    never: ClassVar = frozenset({"mask", "boxes", "pairs"})
    reference: ClassVar = "Zhang et al. 2017, arXiv:1710.09412, section 2; there one share for a whole batch"
    alpha: Annotated[float, Gt(0), Le(8)] = 0.2
    """Of the Beta distribution: near 0 hardly mixes, 1 mixes in any proportion."""

    def apply(self, batch: Batch, draw: Draw, black_C: torch.Tensor | None) -> Batch:
        """Sets `mixed` to (the other target, share_B of the first); the weights are mixed as the examples are."""
        import torch

        from pellucid.data import affine

        if batch.target is None or batch.mixed is not None:
            raise _refused(self, "needs a target" if batch.target is None else "can be used once only")
        if isinstance(batch.input, tuple):
            raise _refused(self, "cannot mix categories; use it for images, or tables of numbers alone")
        if (kind := affine.placed(batch.target)) is not None:
            raise _refused(self, f"cannot mix {kind}; use it for classes, labels or values")
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
            raise _refused(self, "needs images or a table")
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


def _grid(batch: Batch, part: Augment) -> torch.Tensor:
    """The images of a batch. Raises: DataError where it holds something else."""
    signal = batch.input
    if isinstance(signal, tuple) or signal.dim() != 4:
        raise _refused(part, "needs images")
    return signal


def _maps(*numbers: torch.Tensor | float) -> torch.Tensor:
    """theta_B23 from its six numbers, row by row, each one for all images or one for each."""
    import torch

    count_B = next(number for number in numbers if isinstance(number, torch.Tensor))
    return torch.stack([torch.zeros_like(count_B) + number for number in numbers], dim=1).view(-1, 2, 3)


def _refused(part: Augment, why: str) -> DataError:
    return DataError("DATA-AUGMENT", f"{part.dump()['kind']} {why}", place=Place(path="data.augment"))
