from __future__ import annotations

import pytest
import torch

from pellucid.data.augmenting_audio import MaskBands
from pellucid.data.batch import Batch
from pellucid.errors import DataError
from pellucid.forms import Steps
from pellucid.seeds import Draw


def sounds(rows: int = 200, steps: int = 50, mels: int = 40) -> Batch:
    mask_BT = torch.arange(steps) < torch.arange(rows)[:, None] % 30 + 21
    return Batch(Steps(torch.ones(rows, steps, mels) * mask_BT[:, :, None], mask_BT), torch.zeros(rows))


def test_whole_bands_are_hidden_and_no_more_than_asked_for():
    batch = sounds()
    made = MaskBands(frequency=0.25, time=0.0, count=1).apply(batch, Draw(0, "augment"), None).input
    hidden_BTD = (made.x_BTD == 0) & batch.input.mask_BT[:, :, None]
    whole_BD = hidden_BTD[:, 0]
    assert torch.equal(hidden_BTD, whole_BD[:, None] & batch.input.mask_BT[:, :, None])
    assert set(whole_BD.sum(1).tolist()) == set(range(11)), "from none to a quarter of 40"
    assert ((whole_BD[:, 1:] & ~whole_BD[:, :-1]).sum(1) <= 1).all(), "one stretch"
    assert whole_BD.any(0).all(), "anywhere"


def test_frames_are_hidden_by_the_length_of_each_sound():
    batch = sounds()
    made = MaskBands(frequency=0.0, time=0.5, count=1).apply(batch, Draw(1, "augment"), None).input
    hidden_BT = ((made.x_BTD == 0) & batch.input.mask_BT[:, :, None]).all(2)
    share_B = hidden_BT.sum(1) / batch.input.mask_BT.sum(1)
    assert share_B.max() <= 0.5 and share_B.max() > 0.4 and 0.2 < share_B.mean() < 0.3
    assert torch.equal(made.mask_BT, batch.input.mask_BT)


def test_the_same_draw_hides_the_same_and_none_hides_nothing():
    batch = sounds()
    first, again = (MaskBands().apply(batch, Draw(2, "augment").at(3, 4), None).input.x_BTD for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, MaskBands().apply(batch, Draw(2, "augment").at(3, 5), None).input.x_BTD)
    still = MaskBands(frequency=0.0, time=0.0).apply(batch, Draw(2, "augment"), None).input.x_BTD
    assert torch.equal(still, batch.input.x_BTD)


def test_rows_of_a_table_are_refused():
    with pytest.raises(DataError, match="sound"):
        MaskBands().apply(Batch(torch.zeros(2, 3), None), Draw(0, "augment"), None)
