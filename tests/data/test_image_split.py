from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.image_split import facts, split_findings
from pellucid.data.splitting import ByGroup, Stratified
from pellucid.errors import DataError


def noise(count: int, side: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


def faces(people: int = 10, each: int = 4) -> ImageRaw:
    return Images().from_arrays(noise(people * each), [f"p{index // each}" for index in range(people * each)])


def test_whole_classes_can_be_held_out_and_that_is_no_fault():
    raw = faces()
    split = ByGroup(column="label", valid=0.2, test=0.3)
    part_N = split.assign(facts(raw), 0)
    assert raw.code_N is not None
    where = [set(raw.code_N[part_N == code].tolist()) for code in range(3)]
    assert all(where) and not where[0] & where[1] and not where[0] & where[2] and not where[1] & where[2]
    found = [finding for finding in split_findings(raw, part_N) if finding.check == "class-missing"]
    assert [finding.severity for finding in found] == ["info"] and "unseen" in found[0].message
    part_N[np.flatnonzero(part_N == 2)[0]] = 0  # one image of a class that judges is learnt from: no clean break
    found = [finding for finding in split_findings(raw, part_N) if finding.check == "class-missing"]
    assert {finding.severity for finding in found} == {"severe", "warning"}


def test_an_unknown_column_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match='no column "person"') as caught:
        facts(faces()).text("person")
    assert caught.value.hint == "one of: label"


def tiled(pictures: int) -> tuple[Images, ImageRaw]:
    data = Images(tile=(8, 8))
    return data, data.from_arrays(noise(pictures, 32), None)


def test_tiles_of_one_picture_stay_together():
    data, raw = tiled(12)
    split = Stratified(valid=0.25, test=0.25)
    part_N = split.assign(facts(raw), 0)
    assert raw.tiles is not None and set(part_N.tolist()) == {0, 1, 2}
    parts = {}
    for (name, _, _), part in zip(raw.tiles, part_N.tolist(), strict=True):
        assert parts.setdefault(name, part) == part
    checks = [finding.check for finding in split_findings(raw, part_N)]
    assert "tiles-split" not in checks
    by_picture = ByGroup(column="picture").assign(facts(raw), 0)
    assert len({(name, part) for (name, _, _), part in zip(raw.tiles, by_picture.tolist(), strict=True)}) == 12
    assert data.inspect(raw).rows == 192


def test_tiles_of_few_pictures_are_split_by_themselves_and_that_is_told():
    _, raw = tiled(2)
    split = Stratified()
    part_N = split.assign(facts(raw), 0)
    assert set(part_N.tolist()) == {0, 1, 2}
    assert "tiles-split" in [finding.check for finding in split_findings(raw, part_N)]


def test_plain_tiles_are_no_copies():
    data = Images(tile=(8, 8))
    raw = data.from_arrays(np.zeros((6, 32, 32), np.uint8))
    part_N = (np.arange(raw.rows) % 3).astype(np.uint8)
    assert not [finding for finding in split_findings(raw, part_N) if finding.check == "split-overlap"]


def test_classes_of_masks_and_boxes_are_missed_too():
    images, masks = noise(6), np.zeros((6, 8, 8), np.uint8)
    masks[:3, 4:] = 1
    part_N = np.array([1, 1, 1, 0, 0, 2], np.uint8)
    boxes = [[[1, 1, 5, 5, int(part != 0)]] for part in part_N]
    for rows in ({"masks": masks}, {"boxes": boxes, "classes": ["cat", "dog"]}):
        raw = Images().read_rows({"images": images, **rows})
        found = {(finding.place, finding.severity) for finding in split_findings(raw, part_N)}
        assert ("train", "severe") in found
