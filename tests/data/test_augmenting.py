from __future__ import annotations

import pytest
import torch

from pellucid.data import augmenting
from pellucid.data.augment import Augment
from pellucid.data.augmenting import Brightness, Color, Crop, Erase, Flip, Mixup, Noise, Rotate, Scale, Shift
from pellucid.data.batch import Batch, Rows
from pellucid.errors import DataError
from pellucid.parts import concrete, kinds
from pellucid.seeds import Draw

BLACK = torch.tensor([-2.0])
ALL = [part for part in (concrete(Augment, kind) for kind in kinds(Augment)) if "grid" in part.forms]


def draw(*position: int) -> Draw:
    return Draw(7, "augment").at(*position)


def images(count: int = 64, channels: int = 1, side: int = 28) -> Batch:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(count, channels, side, side, generator=generator)
    return Batch(pixels, torch.arange(count) % 10, torch.ones(count), torch.arange(count))


def fitting(part: Augment) -> Batch:
    return images(channels=part.channels or 1)


def test_the_catalogue_for_images_is_these_ten():
    kept = [Flip, Shift, Crop, Rotate, Scale, Brightness, Color, Erase, Mixup, Noise]
    assert [type(part) for part in ALL] == kept


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_a_batch_keeps_its_shape_labels_and_rows(part: Augment):
    batch = images(channels=3)
    before = batch.input.clone()
    after = part.apply(batch, draw(1, 2), torch.tensor([-2.0, -1.0, -3.0]))
    assert after.input.shape == before.shape and after.input.dtype == torch.float32
    assert torch.isfinite(after.input).all() and not torch.equal(after.input, before)
    assert torch.equal(batch.input, before), "the batch that was given must not change"
    assert torch.equal(after.target, batch.target) and torch.equal(after.row_B, batch.row_B)


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_a_change_is_a_function_of_its_position(part: Augment):
    stream = draw(0)
    first = part.apply(fitting(part), stream.at(3, 1), BLACK).input
    other = part.apply(fitting(part), stream.at(3, 2), BLACK).input
    again = part.apply(fitting(part), stream.at(3, 1), BLACK).input
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(first, part.apply(fitting(part), draw(3, 1), BLACK).input)


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_the_default_generator_is_left_alone(part: Augment):
    before = torch.random.get_rng_state()
    part.apply(fitting(part), draw(0), BLACK)
    assert torch.equal(before, torch.random.get_rng_state())


def test_flip_mirrors_some():
    batch = images(400)
    after = Flip(horizontal=0.5).apply(batch, draw(0), BLACK).input
    mirrored = (after == batch.input.flip(3)).flatten(1).all(1)
    kept = (after == batch.input).flatten(1).all(1)
    assert (mirrored | kept).all() and 150 < int(mirrored.sum()) < 250
    both = Flip(horizontal=1, vertical=1).apply(batch, draw(0), BLACK).input
    assert torch.equal(both, batch.input.flip(2, 3))
    assert torch.equal(Flip(horizontal=0).apply(batch, draw(0), BLACK).input, batch.input)


def test_shift_moves_whole_pixels_and_fills_with_black():
    batch = images(50, side=10)
    after = Shift(share=0.2).apply(batch, draw(0), BLACK).input
    seen = set()
    for before, moved in zip(batch.input, after, strict=True):
        padded = torch.nn.functional.pad(before, (2, 2, 2, 2), value=-2.0)
        places = [(y, x) for y in range(5) for x in range(5) if torch.equal(padded[:, y : y + 10, x : x + 10], moved)]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) > 15
    assert torch.equal(Shift(share=0).apply(batch, draw(0), BLACK).input, batch.input)


def test_rotate_keeps_proportions():
    batch = images(4, side=9)
    for degrees in (0.0, 1e-6):
        after = Rotate(degrees=degrees).apply(batch, draw(0), BLACK).input
        assert torch.allclose(after, batch.input, atol=1e-3)
    square = torch.full((64, 1, 21, 41), -2.0)
    square[:, :, 5:16, 15:26] = 1.0
    after = Rotate(degrees=180).apply(Batch(square, None), draw(0), BLACK).input
    area = (after + 2).sum((1, 2, 3)) / (square + 2).sum((1, 2, 3))
    assert (area - 1).abs().max() < 0.05, "a turn that does not keep proportions changes the area"


def test_rotate_and_crop_fill_with_black_never_with_grey():
    flat = Batch(torch.full((16, 1, 20, 20), -2.0), None)
    for part in (Rotate(degrees=45), Crop(), Shift(), Scale()):
        assert torch.allclose(part.apply(flat, draw(0), BLACK).input, flat.input, atol=1e-6)
    white = Batch(torch.full((16, 1, 20, 20), 1.0), None)
    assert Rotate(degrees=45).apply(white, draw(0), BLACK).input.min() == -2.0


def test_crop_shows_a_part_of_the_image():
    ramp = torch.linspace(-1, 1, 40).expand(32, 1, 40, 40).contiguous()
    after = Crop(share=0.25).apply(Batch(ramp, None), draw(0), BLACK).input
    widths = after[:, 0, 20, -1] - after[:, 0, 20, 0]
    assert after.min() >= -1.0001 and after.max() <= 1.0001, "a crop lies inside the image"
    assert 0.9 < float(widths.min()) < 1.4 and float(widths.max()) < 2.0
    whole = Crop(share=1.0).apply(images(4), draw(0), BLACK).input
    assert torch.allclose(whole, images(4).input, atol=1e-4)


def test_scale_shows_larger_and_smaller_as_often():
    square = torch.full((400, 1, 40, 40), -2.0)
    square[:, :, 10:30, 10:30] = 1.0
    after = Scale(most=1.5).apply(Batch(square, None), draw(0), BLACK).input
    side = ((after + 2).sum((1, 2, 3)) / 3).sqrt() / 20
    assert 1.45 < float(side.max()) < 1.52 and 0.65 < float(side.min()) < 0.69
    assert 170 < int((side > 1).sum()) < 230
    assert torch.allclose(Scale(most=1).apply(images(4), draw(0), BLACK).input, images(4).input, atol=1e-4)


def test_color_changes_the_light_of_each_channel_and_of_all_frames_alike():
    black = torch.tensor([-2.0, -1.0, -3.0])
    batch = images(100, channels=3)
    after = Color(amount=0.5).apply(batch, draw(0), black).input
    factor = (after - black.view(1, 3, 1, 1)) / (batch.input - black.view(1, 3, 1, 1))
    share = factor.flatten(2).median(2).values
    assert torch.allclose(
        after - black.view(1, 3, 1, 1), (batch.input - black.view(1, 3, 1, 1)) * share[..., None, None], atol=1e-5
    )
    assert 0.5 <= float(share.min()) < 0.6 and 1.4 < float(share.max()) <= 1.5 and share.std(1).min() > 0
    clip = Batch(batch.input.repeat(1, 4, 1, 1), None)
    moved = Color(amount=0.5).apply(clip, draw(0), black.repeat(4)).input
    assert torch.equal(moved, after.repeat(1, 4, 1, 1))
    with pytest.raises(DataError, match="color needs red, green and blue"):
        Color().apply(images(channels=1), draw(0), BLACK)


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_every_frame_of_a_clip_is_changed_alike(part: Augment):
    if isinstance(part, Noise):
        return  # noise of a camera is new in every frame
    one = images(16, channels=3, side=16)
    clip = Batch(one.input.repeat(1, 5, 1, 1), one.target)
    after = part.apply(clip, draw(0), torch.tensor([-2.0, -1.0, -3.0]).repeat(5)).input
    assert all(torch.equal(frame, after[:, :3]) for frame in after.split(3, dim=1))


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_masks_and_boxes_move_with_the_image(part: Augment):
    height, width = 24, 32
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    thing = ((row >= 6) & (row < 16) & (column >= 6) & (column < 22)).to(torch.uint8)
    mask = thing.expand(64, height, width).contiguous()
    box = torch.tensor([[6.0, 6.0, 22.0, 16.0, 2.0], [0.0, 0.0, 0.0, 0.0, -1.0]]).expand(64, 2, 5).contiguous()
    batch = Batch(mask[:, None].float().repeat(1, 3, 1, 1) - 2, mask)
    if isinstance(part, Mixup):
        for target, said in ((mask, "mask"), (box, "boxes")):
            with pytest.raises(DataError, match=f"mixup cannot mix {said}"):
                part.apply(Batch(batch.input, target), draw(0), BLACK)
        return
    after = part.apply(batch, draw(0), BLACK)
    boxed = part.apply(Batch(batch.input, box), draw(0), BLACK).target
    assert after.target is not None and boxed is not None
    assert after.target.dtype == torch.uint8 and after.target.shape == mask.shape
    if not isinstance(part, augmenting.Moving):
        assert torch.equal(after.target, mask) and torch.equal(boxed, box)
        return
    assert not torch.equal(after.target, mask) and not torch.equal(boxed, box)
    seen, said = after.input[:, 0] > -1.5, after.target == 1
    assert (seen != said).flatten(1).sum(1).max() <= 12, "the mask lies on the thing, up to its edge"
    assert (boxed[:, 0, 4] == 2).all() and (boxed[:, 1] == torch.tensor([0.0, 0.0, 0.0, 0.0, -1.0])).all()
    for image, (left, top, right, bottom) in zip(said, boxed[:, 0, :4].tolist(), strict=True):
        places = torch.nonzero(image)
        (first_row, first_column), (last_row, last_column) = places.amin(0).tolist(), (places.amax(0) + 1).tolist()
        loose = 3.0 if isinstance(part, Rotate) else 0.6  # of turned corners
        assert left - 0.6 < first_column < left + loose and right - loose < last_column < right + 0.6
        assert top - 0.6 < first_row < top + loose and bottom - loose < last_row < bottom + 0.6


def test_brightness_is_one_light_for_an_image():
    batch = images(32, channels=3)
    after = Brightness(amount=0.5, contrast=0).apply(batch, draw(0), None).input
    light = after - batch.input
    assert (light.flatten(1).std(1) < 1e-5).all() and 0.3 < float(light.abs().max()) <= 0.5
    contrast = Brightness(amount=0, contrast=0.3).apply(batch, draw(0), None).input
    assert torch.allclose(contrast.mean((2, 3)), batch.input.mean((2, 3)), atol=1e-5)


def test_erase_blackens_one_rectangle_of_the_area_asked_for():
    batch = images(200, channels=2, side=32)
    black = torch.tensor([-9.0, -8.0])
    after = Erase(share=0.3).apply(batch, draw(0), black).input
    hidden = after[:, 0] == -9.0
    assert torch.equal(hidden, after[:, 1] == -8.0)
    share = hidden.flatten(1).float().mean(1)
    assert 0.25 < float(share.max()) < 0.36 and 0.12 < float(share.mean()) < 0.2
    rows, columns = hidden.any(2).sum(1), hidden.any(1).sum(1)
    assert torch.equal(rows * columns, hidden.flatten(1).sum(1))
    assert torch.equal(after[~hidden[:, None].expand_as(after)], batch.input[~hidden[:, None].expand_as(after)])


def test_mixup_mixes_inputs_and_hands_over_both_targets():
    batch = images(64)
    after = Mixup(alpha=1).apply(batch, draw(0), BLACK)
    assert after.mixed is not None
    other, share = after.mixed
    assert share.shape == (64,) and share.min() >= 0.5 and share.max() <= 1 and share.std() > 0.1
    order = draw(0).permutation(64)
    assert torch.equal(other, batch.target[order])
    expected = share.view(-1, 1, 1, 1) * batch.input + (1 - share.view(-1, 1, 1, 1)) * batch.input[order]
    assert torch.equal(after.input, expected)
    with pytest.raises(DataError, match="once only"):
        Mixup().apply(after, draw(1), BLACK)


def test_mixup_mixes_weights_and_works_for_numbers():
    batch = Batch(torch.randn(6, 3), torch.randn(6, 1), torch.arange(6.0))
    after = Mixup(alpha=1).apply(batch, draw(0), None)
    assert after.mixed is not None and after.mixed[0].shape == (6, 1) and after.weight_B is not None
    share, order = after.mixed[1], draw(0).permutation(6)
    assert torch.allclose(after.weight_B, share * batch.weight_B + (1 - share) * batch.weight_B[order])


def test_what_cannot_be_changed_is_refused():
    rows = Batch(Rows(torch.zeros(4, 2), torch.zeros(4, 1, dtype=torch.int64)), torch.zeros(4))
    with pytest.raises(DataError, match="mixup cannot mix categories"):
        Mixup().apply(rows, draw(0), None)
    with pytest.raises(DataError, match="needs a target"):
        Mixup().apply(Batch(torch.zeros(4, 2), None), draw(0), None)
    for part in (Flip(), Shift(), Crop(), Rotate(), Scale(), Brightness(), Color(), Erase()):
        with pytest.raises(DataError, match="needs images"):
            part.apply(rows, draw(0), None)
        assert "vector" not in part.forms


def test_noise_changes_numbers_and_leaves_categories():
    rows = Batch(Rows(torch.zeros(500, 4), torch.ones(500, 2, dtype=torch.int64)), torch.zeros(500))
    after = Noise(scale=0.5).apply(rows, draw(0), None).input
    assert isinstance(after, Rows) and torch.equal(after.code_BK, rows.input.code_BK)
    assert abs(after.number_BD.std().item() - 0.5) < 0.03


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 4.0])
def test_beta_has_the_mean_and_variance_of_the_distribution(alpha: float):
    share = augmenting.beta(alpha, 100_000, draw(0))
    assert torch.isfinite(share).all() and share.min() >= 0 and share.max() <= 1
    assert abs(share.mean().item() - 0.5) < 0.006
    assert abs(share.var().item() - 1 / (4 * (2 * alpha + 1))) < 0.003


def test_one_image_and_one_pixel():
    for part in ALL:
        shape = (1, part.channels or 1, 1, 1)
        single = Batch(torch.zeros(shape), torch.zeros(1, dtype=torch.int64))
        assert part.apply(single, draw(0), BLACK).input.shape == shape
