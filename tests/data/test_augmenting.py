from __future__ import annotations

import time

import pytest
import torch

from pellucid.data import augmenting
from pellucid.data.augment import Augment
from pellucid.data.augmenting import Brightness, Crop, Erase, Flip, Mixup, Noise, Rotate, Shift
from pellucid.data.batch import Batch, Rows
from pellucid.errors import DataError
from pellucid.parts import concrete, kinds
from pellucid.seeds import Draw

BLACK = torch.tensor([-2.0])
ALL = [concrete(Augment, kind) for kind in kinds(Augment)]


def draw(*position: int) -> Draw:
    return Draw(7, "augment").at(*position)


def images(count: int = 64, channels: int = 1, side: int = 28) -> Batch:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(count, channels, side, side, generator=generator)
    return Batch(pixels, torch.arange(count) % 10, torch.ones(count), torch.arange(count))


def test_the_catalogue_is_these_eight():
    assert [type(part) for part in ALL] == [Flip, Shift, Crop, Rotate, Brightness, Erase, Mixup, Noise]
    assert {part.dump()["kind"] for part in ALL} == set(kinds(Augment))


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_a_batch_keeps_its_shape_labels_and_rows(part: Augment):
    batch = images(channels=3)
    before = batch.input.clone()
    after = part.apply(batch, draw(1, 2), torch.tensor([-2.0, -1.0, -3.0]))
    assert after.input.shape == before.shape and after.input.dtype == torch.float32
    assert torch.isfinite(after.input).all() and not torch.equal(after.input, before)
    assert torch.equal(batch.input, before), "the batch that was given must not change"
    assert torch.equal(after.target, batch.target) and torch.equal(after.row_B, batch.row_B)
    assert "grid" in part.forms


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_a_change_is_a_function_of_its_position(part: Augment):
    stream = draw(0)
    first = part.apply(images(), stream.at(3, 1), BLACK).input
    other = part.apply(images(), stream.at(3, 2), BLACK).input
    again = part.apply(images(), stream.at(3, 1), BLACK).input
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(first, part.apply(images(), draw(3, 1), BLACK).input)


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_the_default_generator_is_left_alone(part: Augment):
    before = torch.random.get_rng_state()
    part.apply(images(), draw(0), BLACK)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.dump()["kind"])
def test_a_batch_takes_little_time(part: Augment):
    batch, stream, threads = images(), draw(0), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = []
        for step in range(30):
            start = time.thread_time()  # of this thread alone: a busy machine does not fail the test
            part.apply(batch, stream.at(step), BLACK)
            seconds.append(time.thread_time() - start)
    finally:
        torch.set_num_threads(threads)
    assert min(seconds) < 0.002, "64 images of 28x28 in 2 ms"


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


def test_rotate_turns_by_right_angles_exactly_and_keeps_proportions():
    batch = images(4, side=9)
    for degrees in (0.0, 1e-6):
        after = Rotate(degrees=degrees).apply(batch, draw(0), BLACK).input
        assert torch.allclose(after, batch.input, atol=1e-3)
    turn = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]]).expand(4, 2, 3)
    turned = augmenting._sampled(batch.input, turn, BLACK)
    assert torch.allclose(turned, torch.rot90(batch.input, 1, (2, 3)), atol=1e-4)
    square = torch.full((64, 1, 21, 41), -2.0)
    square[:, :, 5:16, 15:26] = 1.0
    after = Rotate(degrees=180).apply(Batch(square, None), draw(0), BLACK).input
    area = (after + 2).sum((1, 2, 3)) / (square + 2).sum((1, 2, 3))
    assert (area - 1).abs().max() < 0.05, "a turn that does not keep proportions changes the area"


def test_rotate_and_crop_fill_with_black_never_with_grey():
    flat = Batch(torch.full((16, 1, 20, 20), -2.0), None)
    for part in (Rotate(degrees=45), Crop(), Shift()):
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
    for part in (Flip(), Shift(), Crop(), Rotate(), Brightness(), Erase()):
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
        single = Batch(torch.zeros(1, 1, 1, 1), torch.zeros(1, dtype=torch.int64))
        assert part.apply(single, draw(0), BLACK).input.shape == (1, 1, 1, 1)
