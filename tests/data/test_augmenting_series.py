"""Random changes of series."""

from __future__ import annotations

import pytest
import torch

from pellucid.data.augment import Augment, check
from pellucid.data.augmenting_series import HideSpan, Jitter, Magnify, Stepwise, WarpTime
from pellucid.data.batch import Batch
from pellucid.errors import DataError, RecipeError
from pellucid.forms import Paired, Steps, Tokens, grid, sequence
from pellucid.seeds import Draw

EVERY = [Jitter(), Magnify(), HideSpan(), WarpTime()]


def batch(count: int = 6, steps: int = 40) -> Batch:
    at_T = torch.arange(steps).float()
    x_BTD = torch.stack([at_T, 1 + torch.sin(at_T / 5)], 1).repeat(count, 1, 1)
    mask_BT = torch.arange(steps)[None] < torch.tensor([steps, *[30] * (count - 1)])[:, None]
    return Batch(Steps(x_BTD * mask_BT[:, :, None], mask_BT), torch.arange(count))


@pytest.mark.row("D11")
@pytest.mark.parametrize("part", EVERY, ids=lambda part: type(part).__name__)
def test_series_change_and_padding_stays(part: Stepwise) -> None:
    plain = batch()
    one, again, other = (part.apply(plain, Draw(0, "augment").at(at), None) for at in (1, 1, 2))
    assert isinstance(one.input, Steps) and isinstance(again.input, Steps) and isinstance(other.input, Steps)
    assert isinstance(plain.input, Steps)
    assert torch.equal(one.input.x_BTD, again.input.x_BTD) and not torch.equal(one.input.x_BTD, other.input.x_BTD)
    assert not torch.equal(one.input.x_BTD, plain.input.x_BTD)
    assert (one.input.x_BTD[~plain.input.mask_BT] == 0).all() and torch.equal(one.input.mask_BT, plain.input.mask_BT)
    assert one.target is plain.target


@pytest.mark.parametrize("part", [Jitter(), HideSpan()], ids=lambda part: type(part).__name__)
def test_of_a_past_and_its_future_the_past_alone_is_changed(part: Stepwise) -> None:
    plain = batch()
    assert isinstance(plain.input, Steps)
    pair = Batch(Paired(plain.input, plain.input), None)
    changed = part.apply(pair, Draw(0, "augment"), None).input
    assert isinstance(changed, Paired) and changed.context is plain.input
    assert not torch.equal(changed.source.x_BTD, plain.input.x_BTD)  # type: ignore[union-attr]


def test_a_span_is_hidden() -> None:
    plain = batch()
    assert isinstance(plain.input, Steps)
    hidden = HideSpan(share=0.5).apply(plain, Draw(0, "augment"), None).input
    assert isinstance(hidden, Steps)
    gone_BT = (hidden.x_BTD == 0).all(2) & plain.input.mask_BT
    for row, gone_T in enumerate(gone_BT):
        at = gone_T.nonzero().flatten()
        assert len(at) <= 0.5 * int(plain.input.mask_BT[row].sum()) + 1
        assert len(at) == 0 or int(at[-1] - at[0]) + 1 == len(at)


def test_factors_are_those_of_whole_channels() -> None:
    plain = batch()
    assert isinstance(plain.input, Steps)
    changed = Magnify(most=2).apply(plain, Draw(0, "augment"), None).input
    assert isinstance(changed, Steps)
    ratio_BD = (changed.x_BTD[:, 1:30] / plain.input.x_BTD[:, 1:30]).mean(1)
    assert ((ratio_BD >= 0.5) & (ratio_BD <= 2)).all() and ratio_BD.unique().numel() == ratio_BD.numel()
    assert torch.allclose(changed.x_BTD[:, 1:30], plain.input.x_BTD[:, 1:30] * ratio_BD[:, None], rtol=1e-5)


def test_time_is_bent_and_keeps_its_ends() -> None:
    plain = batch()
    assert isinstance(plain.input, Steps)
    bent = WarpTime(amount=0.5).apply(plain, Draw(0, "augment"), None).input
    assert isinstance(bent, Steps)
    time_BT = bent.x_BTD[:, :, 0]
    assert torch.allclose(time_BT[0, [0, -1]], torch.tensor([0.0, 39.0]), atol=1e-4)
    assert torch.allclose(time_BT[1:, 29], torch.tensor(29.0), atol=1e-4)
    assert (time_BT[1:, :30].diff(dim=1) > 0).all()
    same = WarpTime(amount=0).apply(plain, Draw(0, "augment"), None).input
    assert isinstance(same, Steps) and torch.allclose(same.x_BTD, plain.input.x_BTD, atol=1e-4)


def test_they_are_for_series_alone() -> None:
    words = Batch(Tokens(torch.ones(2, 3, dtype=torch.int64)), None)
    with pytest.raises(DataError, match="jitter needs series"):
        Jitter().apply(words, Draw(0, "augment"), None)
    parts: list[Augment] = [Magnify(), WarpTime()]
    for part in parts:
        check([part], sequence(3, 10), "classes")
        for form, answers in ((grid(1, 8, 8), "classes"), (sequence(3, 10), "future")):
            with pytest.raises(RecipeError):
                check([part], form, answers)
