"""Toy sequences, drawn here: what must be remembered over a lag, and digits as the strokes of a pen.

N  sequences    T  steps    D  channels
"""

from __future__ import annotations

import numpy as np

from pellucid.seeds import Draw

LAGS = (10, 50, 100)
SYMBOLS = 8
COUNTS = (4000, 500, 1000)
"""Sequences of `copy` and `adding` that train, choose and judge."""

# where the pen goes: strokes of points (x to the right, y down) in a square of side 1
DIGITS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "0": (((0.5, 0), (0.15, 0.25), (0.1, 0.7), (0.45, 1), (0.85, 0.75), (0.88, 0.3), (0.5, 0)),),
    "1": (((0.25, 0.25), (0.55, 0), (0.55, 0.5), (0.55, 1)),),
    "2": (((0.15, 0.25), (0.45, 0), (0.8, 0.2), (0.65, 0.55), (0.15, 1), (0.5, 0.95), (0.9, 1)),),
    "3": (((0.2, 0.1), (0.6, 0), (0.8, 0.25), (0.45, 0.47), (0.85, 0.7), (0.6, 1), (0.15, 0.9)),),
    "4": (((0.6, 0), (0.35, 0.35), (0.1, 0.65), (0.5, 0.66), (0.9, 0.65)), ((0.65, 0.35), (0.65, 0.7), (0.62, 1))),
    "5": (((0.3, 0), (0.25, 0.25), (0.2, 0.45), (0.6, 0.4), (0.85, 0.7), (0.55, 1), (0.15, 0.9)), ((0.3, 0), (0.8, 0))),
    "6": (((0.7, 0), (0.3, 0.3), (0.12, 0.7), (0.45, 1), (0.82, 0.75), (0.55, 0.5), (0.17, 0.7)),),
    "7": (((0.15, 0.02), (0.5, 0), (0.85, 0.03), (0.6, 0.45), (0.4, 1)), ((0.3, 0.5), (0.55, 0.5), (0.75, 0.48))),
    "8": (((0.75, 0.15), (0.45, 0), (0.25, 0.22), (0.5, 0.47), (0.8, 0.75), (0.5, 1), (0.18, 0.75), (0.5, 0.47),
           (0.75, 0.15)),),
    "9": (((0.8, 0.25), (0.5, 0), (0.2, 0.25), (0.5, 0.5), (0.8, 0.22), (0.78, 0.6), (0.6, 1)),),
}  # fmt: skip


def copy(lag: int) -> dict[str, np.ndarray]:
    """Which of SYMBOLS was shown `lag` steps ago, noise in between: value_NTD of lag + 1 steps, code_N.

    The channels are one for each symbol, one of noise in [-1, 1), and one that is 1 at the last step, where the
    answer is due (after Hochreiter and Schmidhuber 1997, Long Short-Term Memory, task 2).
    """
    draw = Draw(lag, "copy")
    part_N = np.repeat(np.arange(3, dtype=np.uint8), COUNTS)
    code_N = np.arange(len(part_N)) % SYMBOLS
    value_NTD = np.zeros((len(part_N), lag + 1, SYMBOLS + 2), np.float32)
    value_NTD[np.arange(len(part_N)), 0, code_N] = 1
    value_NTD[:, 1:, SYMBOLS] = draw.uniform((len(part_N), lag), -1, 1).numpy()
    value_NTD[:, -1, -1] = 1
    return {**_whole(value_NTD, part_N), "codes": code_N, "classes": np.array([str(code) for code in range(SYMBOLS)])}


def adding(lag: int) -> dict[str, np.ndarray]:
    """The sum of two marked numbers among `lag`, one in each half: value_NTD of (number, mark), label_N1.

    After Hochreiter and Schmidhuber 1997, Long Short-Term Memory, task 4, with numbers in [0, 1).
    """
    draw = Draw(lag, "adding")
    part_N = np.repeat(np.arange(3, dtype=np.uint8), COUNTS)
    row_N = np.arange(len(part_N))
    value_NTD = np.zeros((len(part_N), lag, 2), np.float32)
    value_NTD[:, :, 0] = draw.at(0).uniform((len(part_N), lag)).numpy()
    place_N2 = draw.at(1).integers(0, lag // 2, (len(part_N), 2)).numpy()
    place_N2[:, 1] += lag - lag // 2
    for half in (0, 1):
        value_NTD[row_N, place_N2[:, half], 1] = 1
    label_N1 = (value_NTD[:, :, :1] * value_NTD[:, :, 1:]).sum(axis=1, dtype=np.float32)
    return {**_whole(value_NTD, part_N), "labels": label_N1, "names": np.array(["sum"])}


def strokes(each: int) -> dict[str, np.ndarray]:
    """`each` digits of every class as steps of a pen: value_NTD of (dx, dy, 1 where a stroke ends), 0 behind.

    Size, slant, turn, speed and every point of the shape are drawn for each; of each class 70 % train, 15 % choose.
    """
    draw = Draw(0, "strokes")
    made = [
        _written(shape, draw.at(code, index)) for code, shape in enumerate(DIGITS.values()) for index in range(each)
    ]
    length_N = np.array([len(steps_TD) for steps_TD in made], np.int64)
    value_NTD = np.zeros((len(made), length_N.max(), 3), np.float32)
    for row, steps_TD in enumerate(made):
        value_NTD[row, : len(steps_TD)] = steps_TD
    place_N = np.arange(len(made)) % each / each
    return {
        "values": value_NTD,
        "lengths": length_N,
        "codes": np.repeat(np.arange(len(DIGITS)), each),
        "classes": np.array(list(DIGITS)),
        "names": np.array(["dx", "dy", "lift"]),
        "split": np.where(place_N < 0.7, 0, np.where(place_N < 0.85, 1, 2)).astype(np.uint8),
    }


def _written(shape: tuple[tuple[tuple[float, float], ...], ...], draw: Draw) -> np.ndarray:
    """step_T3 of one digit, in hundredths so that the numbers are exact."""
    size, narrow, slant, turn, speed = draw.uniform((5,), -1, 1).tolist()
    turn *= 0.2
    frame_22 = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    frame_22 = frame_22 @ np.array([[1 + 0.25 * narrow, 0.25 * slant], [0, 1]]) * (1 + 0.2 * size)
    pen_2, made = np.zeros(2), []
    for stroke in shape:
        point_P2 = np.array(stroke) + draw.uniform((len(stroke), 2), -0.06, 0.06).numpy()
        place_T2 = np.rint(100 * _smooth(point_P2, round(3.5 + speed)) @ frame_22.T)
        step_T2 = np.diff(place_T2, axis=0, prepend=pen_2[None] if made else place_T2[:1])
        lift_T1 = np.zeros((len(step_T2), 1))
        lift_T1[-1] = 1
        made.append(np.hstack([step_T2 / 100, lift_T1]))
        pen_2 = place_T2[-1]
    return np.concatenate(made)[1:]


def _smooth(point_P2: np.ndarray, each: int) -> np.ndarray:
    """A curve through the points, `each` places from one to the next (Catmull and Rom 1974)."""
    padded = np.concatenate([2 * point_P2[:1] - point_P2[1:2], point_P2, 2 * point_P2[-1:] - point_P2[-2:-1]])
    t_E1 = (np.arange(each) / each)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(b + 0.5 * t_E1 * (c - a + t_E1 * (2 * a - 5 * b + 4 * c - d + t_E1 * (3 * (b - c) + d - a))))
    return np.concatenate([*pieces, point_P2[-1:]])


def _whole(value_NTD: np.ndarray, part_N: np.ndarray) -> dict[str, np.ndarray]:
    length_N = np.full(len(value_NTD), value_NTD.shape[1], np.int64)
    return {"values": value_NTD, "lengths": length_N, "split": part_N}
