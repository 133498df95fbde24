"""Small pictures of lit solids, drawn in numpy: a toy world whose every parameter is known.

Rays are parallel and look along -z; each is followed to the surface by sphere tracing (Hart 1996, "Sphere tracing: a
geometric method for the antialiased ray tracing of implicit surfaces") and shaded by Lambert's law. Places are in
pixels, x to the right and y down, as in a picture; the solids' own space has y up and z towards the eye.

    H, W  height and width    P  points    3  x, y, z
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.seeds import Draw

SIDE = 32
"""Height and width of a picture."""
FINE = 2
"""Rays for each pixel, in each direction."""
STEPS = 32
"""Of sphere tracing."""
REACH = 1.05
"""Every solid lies within this distance of its centre."""
NEAR = 0.01
"""A ray that gets this close to a surface has met it."""
AMBIENT = 0.2
"""Brightness of a surface that no light reaches."""
SMALLEST = 0.1
"""Least radius, in pixels, that is drawn."""

Solid = Callable[[np.ndarray], np.ndarray]
"""point_3P -> distance_P: never more than the distance to the surface, negative inside."""


def _convex(*planes: tuple[float, float, float, float]) -> Solid:
    """The solid inside every plane, each (x, y, z of its normal, distance from the centre)."""
    table = np.array(planes)
    length = np.linalg.norm(table[:, :3], axis=1, keepdims=True)
    normal_N3, far_N1 = table[:, :3] / length, table[:, 3:] / length
    return lambda point_3P: (normal_N3 @ point_3P - far_N1).max(axis=0)


def _ellipsoid(point_3P: np.ndarray) -> np.ndarray:
    return (np.sqrt((point_3P[0] / 0.5) ** 2 + point_3P[1] ** 2 + (point_3P[2] / 0.5) ** 2) - 1) * 0.5


def _cylinder(point_3P: np.ndarray) -> np.ndarray:
    return np.maximum(np.hypot(point_3P[0], point_3P[2]) - 0.55, np.abs(point_3P[1]) - 0.8)


def _cone(point_3P: np.ndarray) -> np.ndarray:
    slope = (1.5 * np.hypot(point_3P[0], point_3P[2]) + 0.75 * (point_3P[1] - 0.9)) / np.hypot(1.5, 0.75)
    return np.maximum(slope, -0.6 - point_3P[1])


def _torus(point_3P: np.ndarray) -> np.ndarray:
    return np.hypot(np.hypot(point_3P[0], point_3P[2]) - 0.68, point_3P[1]) - 0.3


def ball(point_3P: np.ndarray) -> np.ndarray:
    """A sphere of radius 1."""
    return np.sqrt((point_3P**2).sum(axis=0)) - 1


_SIGNS = (-1.0, 1.0)
_CORNERS = [(x, y, z, 1.0) for x in _SIGNS for y in _SIGNS for z in _SIGNS]
_SIDES = [(x, 0.0, z, 0.6) for x, z in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))]
_LIDS = [(0.0, 1.0, 0.0, 0.6), (0.0, -1.0, 0.0, 0.6)]
_ENDS = [(0.0, 1.0, 0.0, 0.75), (0.0, -1.0, 0.0, 0.75)]

SOLIDS: dict[str, Solid] = {
    "cone": _cone,
    "cube": _convex(*_SIDES, *_LIDS),
    "cylinder": _cylinder,
    "ellipsoid": _ellipsoid,
    "octahedron": _convex(*_CORNERS),
    "prism": _convex((0.0, 0.0, 1.0, 0.3), (0.866, 0.0, -0.5, 0.3), (-0.866, 0.0, -0.5, 0.3), *_ENDS),
    "pyramid": _convex(*((1.5 * x, 0.65, 1.5 * z, 0.585) for x, _, z, _ in _SIDES), (0.0, -1.0, 0.0, 0.6)),
    "torus": _torus,
}
"""Eight solids of about radius 1, by name."""


def turned(azimuth: float, elevation: float) -> np.ndarray:
    """The rotation turn_33 of a solid on a turntable, seen from so many degrees above it."""
    (c, s), (k, t) = ((np.cos(a), np.sin(a)) for a in np.radians((azimuth, elevation)))
    return np.array([[1, 0, 0], [0, k, -t], [0, t, k]]) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def light_from(angle: float, height: float = 35.0) -> np.ndarray:
    """The direction light_3 to a lamp: degrees to the right of the eye, and above it."""
    a, h = np.radians((angle, height))
    return np.array([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)])


def view(
    solid: Solid, turn_33: np.ndarray, centre: tuple[float, float], size: float, light_3: np.ndarray
) -> np.ndarray:
    """uint8 image_HW of one solid on black: `centre` (x, y) and `size`, its radius, in pixels."""
    place = (np.arange(SIDE * FINE) + 0.5) / FINE
    size = max(size, SMALLEST)
    u_HW, v_HW = np.meshgrid((place - centre[0]) / size, (centre[1] - place) / size)
    near_HW = u_HW**2 + v_HW**2 < REACH**2
    start_3P = turn_33.T @ np.stack([u_HW[near_HW], v_HW[near_HW], np.full(near_HW.sum(), REACH)])
    ahead_31 = turn_33.T @ np.array([[0.0], [0.0], [-1.0]])
    depth_P = np.zeros(start_3P.shape[1])
    for _ in range(STEPS):
        depth_P += solid(start_3P + ahead_31 * np.minimum(depth_P, 2 * REACH))
    point_3P = start_3P + ahead_31 * depth_P
    normal_3P = np.stack([solid(point_3P + step) - solid(point_3P - step) for step in np.eye(3)[:, :, None] * 1e-4])
    normal_3P /= np.maximum(np.sqrt((normal_3P**2).sum(axis=0)), 1e-12)
    lit_P = AMBIENT + (1 - AMBIENT) * np.maximum(turn_33.T @ light_3 @ normal_3P, 0)
    fine_HW = np.zeros(near_HW.shape)
    fine_HW[near_HW] = np.where(solid(point_3P) < NEAR, lit_P, 0)
    image_HW = fine_HW.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    return np.rint(255 * image_HW).astype(np.uint8)


def scene(x: float, y: float, size: float, light: float) -> np.ndarray:
    """uint8 image_HW of one lit ball: centre and radius in pixels, degrees of the lamp to the right of the eye."""
    return view(ball, np.eye(3), (x, y), size, light_from(light))


RENDERERS: dict[str, Callable[..., np.ndarray]] = {"scene": scene}
"""What draws a picture again from its values, by the name in `EmbeddedSet.renders`."""


def scenes(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures image_NHW and the values label_N4 they were drawn from: x, y, size, light.

    The ball is always whole. Values have three decimals, so the picture can be drawn again from them.
    """
    draw = Draw(seed, "scenes")
    images, labels = [], []
    for index in range(count):
        across, down, large, turn = draw.at(index).uniform((4,)).tolist()
        size = round(3 + 8 * large, 3)
        room = SIDE - 2 * size
        label = (round(size + room * across, 3), round(size + room * down, 3), size, round(160 * turn - 80, 3))
        images.append(scene(*label))
        labels.append(label)
    return np.stack(images), np.array(labels, np.float32)


def shapes3d(each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`each` views of every solid: image_NHW, code_N into SOLIDS, and elevation_N, evenly from 10 to 60 degrees.

    Azimuth, size, place and light are drawn for every view. A solid is always whole.
    """
    draw = Draw(seed, "shapes3d")
    images, codes, elevations = [], [], []
    for code, solid in enumerate(SOLIDS.values()):
        for index in range(each):
            around, large, across, down, turn = draw.at(code, index).uniform((5,)).tolist()
            elevation, size = 10 + 50 * index / each, 8 + 5 * large
            room = SIDE - 2 * size
            centre = (size + room * across, size + room * down)
            light_3 = light_from(100 * turn - 50)
            images.append(view(solid, turned(360 * around, elevation), centre, size, light_3))
            codes.append(code)
            elevations.append(elevation)
    return np.stack(images), np.array(codes, np.int64), np.array(elevations)
