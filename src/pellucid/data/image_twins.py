"""Near copies across the parts of a split: the same picture saved again, brightened, or scaled, flatters the score.

A difference hash says of an 8x8 grid whether each cell is brighter than its right neighbour: 64 bits that hardly change
when a picture is saved again. Pairs that differ in at most 3 bits agree in one of 4 bands of them, so sorting by each
band finds them without comparing all with all. Every such pair is then compared pixel by pixel.
"""

from __future__ import annotations

import numpy as np

from pellucid.data.image_raw import ImageRaw
from pellucid.data.image_store import CHUNK
from pellucid.data.signature import PARTS
from pellucid.errors import quote
from pellucid.findings import Finding

SMALLEST_SIDE = 16
"""Smaller images are too coarse to be told apart by their hash."""
MOST_BITS = 3
BANDS = MOST_BITS + 1
NEIGHBOURS = 32
"""Images with the same band that each is compared with: bounds the work where a band says little."""
LEAST_CORRELATION = 0.99
MOST_DIFFERENCE = 16.0
"""Mean difference of pixel values, 0..255."""
MOST_APART = 0.05
"""Difference of target values, in standard deviations: pictures that differ more in what they show are no copies."""


def twins(raw: ImageRaw, part_N: np.ndarray) -> list[Finding]:
    """A finding for the near copies in different parts; exact copies are another finding."""
    if min(raw.pixel_NCHW.shape[2:]) < SMALLEST_SIDE or len(np.unique(part_N)) < 2:
        return []
    pairs_P2 = verified(raw, _agreeing(raw, candidates(difference_hash(raw.pixel_NCHW), part_N)))
    if not len(pairs_P2):
        return []
    later_N = np.unique(np.where(part_N[pairs_P2[:, 0]] > part_N[pairs_P2[:, 1]], pairs_P2[:, 0], pairs_P2[:, 1]))
    share = len(later_N) / int((part_N > 0).sum())
    names = " and ".join(f"{quote(raw.names[row])} ({PARTS[part_N[row]]})" for row in pairs_P2[0].tolist())
    message = f"{len(later_N):,} images of valid or test are nearly equal to one of another part; first: {names}."
    evidence: dict[str, float | int | str] = {"images": len(later_N), "share": share}
    cure = "Group them: data.split: {kind: by_group, ...}; or remove the copies."
    return [Finding("near-duplicates", "warning" if share > 0.01 else "info", message, "split", evidence, cure)]


def difference_hash(pixel_NCHW: np.ndarray) -> np.ndarray:
    """uint64 hash_N: a bit for each cell of an 8x8 grid that is brighter than its right neighbour."""
    rows, height, width = len(pixel_NCHW), *pixel_NCHW.shape[2:]
    top_8, left_9 = np.arange(8) * height // 8, np.arange(9) * width // 9
    high_8, wide_9 = np.diff([*top_8, height]), np.diff([*left_9, width])
    weight_64 = np.uint64(1) << np.arange(64, dtype=np.uint64)
    hash_N = np.empty(rows, np.uint64)
    for start in range(0, rows, CHUNK):
        grey_RHW = pixel_NCHW[start : start + CHUNK].sum(1, dtype=np.float32)
        cell_R89 = np.add.reduceat(np.add.reduceat(grey_RHW, top_8, 1), left_9, 2) / (high_8[:, None] * wide_9)
        bit_R64 = (cell_R89[:, :, 1:] > cell_R89[:, :, :-1]).reshape(-1, 64)
        hash_N[start : start + CHUNK] = (bit_R64 * weight_64).sum(1, dtype=np.uint64)
    return hash_N


def candidates(hash_N: np.ndarray, part_N: np.ndarray) -> np.ndarray:
    """int64 pairs_P2 in different parts whose hashes differ in at most 3 bits, each once."""
    bits_64 = np.array([np.bitwise_and(hash_N >> np.uint64(bit), np.uint64(1)).mean() for bit in range(64)])
    told = np.argsort(np.abs(bits_64 - 0.5), kind="stable")  # the bits that say most first, dealt to the bands in turn
    found: list[np.ndarray] = []
    for band in range(BANDS):
        mask = np.bitwise_or.reduce(np.uint64(1) << told[band::BANDS].astype(np.uint64))
        key_N = hash_N & mask
        order_N = np.lexsort((hash_N, key_N))
        for step in range(1, min(NEIGHBOURS, len(order_N) - 1) + 1):
            one, other = order_N[:-step], order_N[step:]
            equal = key_N[one] == key_N[other]
            if not equal.any():
                break
            one, other = one[equal], other[equal]
            near = (np.bitwise_count(hash_N[one] ^ hash_N[other]) <= MOST_BITS) & (part_N[one] != part_N[other])
            found.append(np.stack([np.minimum(one, other)[near], np.maximum(one, other)[near]], 1))
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2), np.int64)


def _agreeing(raw: ImageRaw, pairs_P2: np.ndarray) -> np.ndarray:
    """The pairs of one class, or of nearly the same values: others do not flatter."""
    one_P, other_P = pairs_P2.T
    if raw.code_N is not None:
        return pairs_P2[raw.code_N[one_P] == raw.code_N[other_P]]
    if raw.value_ND is not None:
        apart_PD = np.abs(raw.value_ND[one_P] - raw.value_ND[other_P])
        return pairs_P2[(apart_PD <= MOST_APART * raw.value_ND.std(0)).all(1)]
    return pairs_P2


def verified(raw: ImageRaw, pairs_P2: np.ndarray) -> np.ndarray:
    """The pairs whose pixels are nearly the same, and not quite."""
    pairs_P2 = pairs_P2[raw.row_N[pairs_P2[:, 0]] != raw.row_N[pairs_P2[:, 1]]]
    kept: list[np.ndarray] = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(pairs_P2), CHUNK):
        chunk_R2 = pairs_P2[start : start + CHUNK]
        one_RD, other_RD = (
            raw.pixel_NCHW[chunk_R2[:, side]].reshape(len(chunk_R2), -1).astype(np.float32) for side in (0, 1)
        )
        close_R = np.abs(one_RD - other_RD).mean(1) <= MOST_DIFFERENCE
        one_RD, other_RD = one_RD - one_RD.mean(1, keepdims=True), other_RD - other_RD.mean(1, keepdims=True)
        length_R = np.sqrt((one_RD**2).sum(1) * (other_RD**2).sum(1))
        alike_R = (one_RD * other_RD).sum(1) >= LEAST_CORRELATION * np.maximum(length_R, 1e-9)
        kept.append(chunk_R2[close_R & alike_R & (length_R > 0)])
    return np.concatenate(kept)
