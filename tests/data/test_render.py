from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import render
from pellucid.data.embedded import EMBEDDED


@pytest.mark.parametrize("name", [*render.SOLIDS, "ball"])
def test_a_distance_never_reaches_beyond_the_surface(name: str):
    solid = render.SOLIDS.get(name, render.ball)
    point_3P = np.random.default_rng(0).normal(size=(3, 5000))
    inside_P = solid(point_3P) < 0
    assert inside_P.any() and np.sqrt((point_3P[:, inside_P] ** 2).sum(axis=0)).max() < render.REACH
    step_3P = np.random.default_rng(1).normal(size=(3, 5000))
    moved_P = np.abs(solid(point_3P + step_3P) - solid(point_3P))
    assert (moved_P <= np.sqrt((step_3P**2).sum(axis=0)) + 1e-9).all()


def test_a_ball_is_where_and_as_large_as_it_is_said_to_be():
    image_HW = render.scene(20.0, 11.0, 6.0, 0.0)
    assert image_HW.shape == (32, 32) and image_HW.dtype == np.uint8
    y_P, x_P = np.nonzero(image_HW)
    assert abs(x_P.mean() + 0.5 - 20) < 0.1 and abs(y_P.mean() + 0.5 - 11) < 0.1
    assert abs((image_HW > 25).sum() - np.pi * 36) < 12
    assert (x_P.min(), x_P.max(), y_P.min(), y_P.max()) == (14, 25, 5, 16)


def test_the_surface_is_lit_by_lamberts_law():
    image_HW = render.scene(16.0, 16.0, 10.0, 0.0).astype(float)
    light_3 = render.light_from(0.0)
    x, y = (18.5 - 16) / 10, -(13.5 - 16) / 10
    normal_3 = np.array([x, y, np.sqrt(1 - x * x - y * y)])
    expected = 255 * (render.AMBIENT + (1 - render.AMBIENT) * (normal_3 @ light_3))
    assert abs(image_HW[13, 18] - expected) < 2
    right, left = render.scene(16.0, 16.0, 10.0, 60.0), render.scene(16.0, 16.0, 10.0, -60.0)
    assert np.abs(right.astype(int) - left[:, ::-1]).max() <= 1
    assert right[:, 16:].sum() > 1.3 * right[:, :16].sum()


@pytest.mark.parametrize("label", [(16, 16, -3, 0), (-50, 16, 5, 0), (16, 16, 400, 900), (16.2, 15.9, 0, 10)])
def test_a_guess_far_off_is_drawn_all_the_same(label: tuple[float, float, float, float]):
    assert render.scene(*label).shape == (32, 32)


def test_scenes_are_drawn_again_from_their_values():
    images, labels = render.scenes(6)
    assert labels.shape == (6, 4) and labels.dtype == np.float32
    assert all(
        np.array_equal(render.scene(*label), image) for image, label in zip(images, labels.tolist(), strict=True)
    )
    more, _ = render.scenes(8)
    assert np.array_equal(more[:6], images) and not np.array_equal(render.scenes(6, seed=1)[0], images)
    assert not images[:, 0].any(axis=1).all() and (images > 0).any(axis=(1, 2)).all()


def test_the_committed_scenes_are_those_of_the_renderer():
    item = EMBEDDED["scenes"]
    with np.load(item.path, allow_pickle=False) as arrays:
        images, labels, names = arrays["images"], arrays["labels"], arrays["names"]
    assert names.tolist() == ["x", "y", "size", "light"]
    again = np.stack([render.RENDERERS[item.renders](*label) for label in labels[::400].tolist()])
    assert np.abs(again.astype(int) - images[::400]).max() <= 1


def test_solids_differ_and_are_whole_and_look_other_from_above():
    images, codes, elevations = render.shapes3d(5)
    assert images.shape == (40, 32, 32) and np.bincount(codes).tolist() == [5] * 8
    assert elevations[:5].tolist() == [10, 20, 30, 40, 50]
    assert ((images > 0).mean(axis=(1, 2)) > 0.04).all()
    y_HW, x_HW = np.mgrid[-15.5:16:1, -15.5:16:1]
    for solid in render.SOLIDS.values():
        image_HW = render.view(solid, render.turned(50, 40), (16, 16), 10, render.light_from(0))
        assert not image_HW[np.hypot(x_HW, y_HW) > 10 * render.REACH + 1].any()
    cone, cube = (
        render.view(render.SOLIDS[name], render.turned(30, 30), (16, 16), 10, render.light_from(0))
        for name in ("cone", "cube")
    )
    other = render.view(render.SOLIDS["cone"], render.turned(30, 70), (16, 16), 10, render.light_from(0))
    assert (np.abs(cone.astype(int) - cube) > 20).sum() > 50 and (np.abs(cone.astype(int) - other) > 20).sum() > 50


def test_a_turn_is_a_rotation():
    turn_33 = render.turned(40.0, 25.0)
    assert np.allclose(turn_33 @ turn_33.T, np.eye(3)) and np.isclose(np.linalg.det(turn_33), 1)
    assert np.allclose(render.turned(90.0, 0.0) @ [0, 0, 1], [1, 0, 0])
