"""What GoogLeNet and Inception-v3 are made of, as plain values: stems, stages of blocks, blocks of branches."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Conv(NamedTuple):
    """One convolution."""

    maps: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1
    padding: int | None = None
    """None: as much as keeps the size at stride 1, and none at stride 2."""


class Pool(NamedTuple):
    """One pooling; at stride 1 it keeps the size."""

    kind: Literal["max", "average"] = "max"
    kernel: int = 3
    stride: int = 1


class Split(NamedTuple):
    """The end of a branch: several convolutions of what came before."""

    tails: tuple[Conv, ...]


Branch = tuple[Conv | Pool | Split, ...]
Block = tuple[Branch, ...]
"""Branches side by side; a single one is a step of its own between the stages."""
Version = Literal["v1", "v3"]

HALF = Pool("max", 3, 2)
WIDE, TALL = (1, 7), (7, 1)
CROSS = Split((Conv(384, (1, 3)), Conv(384, (3, 1))))


def mixed(one: int, three: tuple[int, int], large: tuple[int, int], pooled: int, kernel: int) -> Block:
    """A block of GoogLeNet: figure 2 (b) of arXiv:1409.4842."""
    return (
        (Conv(one),),
        (Conv(three[0]), Conv(three[1], 3)),
        (Conv(large[0]), Conv(large[1], kernel)),
        (Pool(), Conv(pooled)),
    )


def fives(pooled: int) -> Block:
    """Figure 5 of arXiv:1512.00567; as published in code, one branch keeps its 5 x 5 filters."""
    return (
        (Conv(64),),
        (Conv(48), Conv(64, 5)),
        (Conv(64), Conv(96, 3), Conv(96, 3)),
        (Pool("average"), Conv(pooled)),
    )


def sevens(inner: int) -> Block:
    """Figure 6 with n = 7: filters of 1 x 7 and 7 x 1 in place of 7 x 7."""
    return (
        (Conv(192),),
        (Conv(inner), Conv(inner, WIDE), Conv(192, TALL)),
        (Conv(inner), Conv(inner, TALL), Conv(inner, WIDE), Conv(inner, TALL), Conv(192, WIDE)),
        (Pool("average"), Conv(192)),
    )


def v1(kernel: int) -> tuple[tuple[Block, ...], ...]:
    """The stages of GoogLeNet (table 1); `kernel` is that of the branch for large patterns."""
    return (
        (
            ((HALF,),),
            mixed(64, (96, 128), (16, 32), 32, kernel),
            mixed(128, (128, 192), (32, 96), 64, kernel),
        ),
        (
            ((HALF,),),
            mixed(192, (96, 208), (16, 48), 64, kernel),
            mixed(160, (112, 224), (24, 64), 64, kernel),
            mixed(128, (128, 256), (24, 64), 64, kernel),
            mixed(112, (144, 288), (32, 64), 64, kernel),
            mixed(256, (160, 320), (32, 128), 128, kernel),
        ),
        (
            ((Pool("max", 2, 2),),),
            mixed(256, (160, 320), (32, 128), 128, kernel),
            mixed(384, (192, 384), (48, 128), 128, kernel),
        ),
    )


DOWN_17 = ((Conv(384, 3, 2),), (Conv(64), Conv(96, 3), Conv(96, 3, 2)), (HALF,))
DOWN_8 = (
    (Conv(192), Conv(320, 3, 2)),
    (Conv(192), Conv(192, WIDE), Conv(192, TALL), Conv(192, 3, 2)),
    (HALF,),
)
CROSSED = ((Conv(320),), (Conv(384), CROSS), (Conv(448), Conv(384, 3), CROSS), (Pool("average"), Conv(192)))
V3: tuple[tuple[Block, ...], ...] = (
    (((HALF,),), fives(32), fives(64), fives(64)),
    (DOWN_17, sevens(128), sevens(160), sevens(160), sevens(192)),
    (DOWN_8, CROSSED, CROSSED),
)
"""The stages of Inception-v3: table 1, with the blocks of figures 5, 6, 7 and 10."""
STEMS: dict[tuple[Version, Literal["full", "small"]], Branch] = {
    ("v1", "full"): (Conv(64, 7, 2, 3), HALF, Conv(64), Conv(192, 3)),
    ("v1", "small"): (Conv(64, 3), Conv(64), Conv(192, 3)),
    ("v3", "full"): (Conv(32, 3, 2), Conv(32, 3, 1, 0), Conv(64, 3), HALF, Conv(80), Conv(192, 3, 1, 0)),
    ("v3", "small"): (Conv(32, 3), Conv(32, 3), Conv(64, 3), Conv(80), Conv(192, 3)),
}
"""Before the first stage. After a small stem the first stage begins without its pooling."""
LEAST: dict[tuple[Version, Literal["full", "small"]], int] = {
    ("v1", "full"): 15, ("v1", "small"): 2, ("v3", "full"): 75, ("v3", "small"): 7,
}  # fmt: skip
"""Pixels of the shorter side that a version with this stem needs."""
SIDES: dict[Version, tuple[int, ...]] = {"v1": (1, 4), "v3": (4,)}
"""Numbers of the blocks of the second stage that an auxiliary branch reads."""
WEIGHT: dict[Version, float] = {"v1": 0.3, "v3": 0.4}
"""Of each auxiliary branch in the loss: that of the paper of GoogLeNet, and that of torchvision's training of v3."""
