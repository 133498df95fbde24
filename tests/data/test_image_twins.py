from __future__ import annotations

import numpy as np

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.image_split import facts
from pellucid.data.image_twins import candidates, difference_hash, twins
from pellucid.data.splitting import Hash


def smooth(count: int, side: int = 32, seed: int = 0) -> np.ndarray:
    """Pictures of slow waves, each of its own."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    wave = random.normal(size=(6, 3, count, 1, 1)) * np.array([4, 4, 3])[:, None, None, None]
    image = sum(np.sin(a * x + b * y + c) for a, b, c in wave)
    return np.clip(127 + 20 * image, 0, 255).astype(np.uint8)


def of(images: np.ndarray) -> ImageRaw:
    return Images().from_arrays(images)


def test_near_copies_across_parts_are_named():
    images = smooth(300)
    random = np.random.default_rng(1)
    images[200:204] = np.clip(images[:4].astype(int) + random.integers(-3, 4, (4, 32, 32)) + 4, 0, 255)
    part_N = np.zeros(300, np.uint8)
    part_N[200:] = 2
    (found,) = twins(of(images), part_N)
    assert found.check == "near-duplicates" and found.evidence["images"] == 4 and found.severity == "warning"
    assert '"0" (train) and "200" (test)' in found.message
    assert twins(of(images), np.zeros(300, np.uint8)) == []
    exact = images.copy()
    exact[200:204] = images[:4]
    assert twins(of(exact), part_N) == [], "exact copies are another finding"


def test_other_pictures_are_no_twins():
    part_N = (np.arange(400) % 3).astype(np.uint8)
    assert twins(of(smooth(400, seed=3)), part_N) == []
    flat = np.repeat(np.arange(200, dtype=np.uint8), 32 * 32).reshape(200, 32, 32)
    assert twins(of(flat), part_N[:200]) == [], "flat pictures"
    tiny = smooth(200, 8)
    tiny[100:] = tiny[:100] // 2 * 2
    assert twins(of(tiny), part_N[:200]) == [], "tiny pictures"


def test_all_near_hashes_are_found_however_the_bits_lie():
    random = np.random.default_rng(0)
    hash_N = random.integers(0, 2**63, 2000, dtype=np.uint64)
    for row in range(1000, 1100):
        flips = random.choice(64, row % 4, replace=False).astype(np.uint64)
        hash_N[row] = hash_N[row - 1000] ^ np.bitwise_xor.reduce(np.uint64(1) << flips, initial=np.uint64(0))
    part_N = np.repeat(np.array([0, 1], np.uint8), 1000)
    pairs = {tuple(pair) for pair in candidates(hash_N, part_N).tolist()}
    assert pairs == {(row, row + 1000) for row in range(100)}


def test_the_hash_does_not_mind_brightness_or_noise():
    images = smooth(50)
    brighter = np.clip(images.astype(int) + 6, 0, 255).astype(np.uint8)
    bits = np.bitwise_count(difference_hash(images[:, None]) ^ difference_hash(brighter[:, None]))
    assert bits.max() <= 3


def test_ready_sets_are_not_flooded():
    data = Images(path="mnist10k")
    raw = data.read()
    part_N = Hash().assign(facts(raw), 0)
    found = twins(raw, part_N)
    assert not found or found[0].severity == "info"


def test_pictures_that_show_something_else_are_no_copies():
    images = smooth(300)
    images[200:204] = np.clip(images[:4].astype(int) + 4, 0, 255)
    part_N = np.zeros(300, np.uint8)
    part_N[200:] = 2
    for labels, count in (([i % 2 for i in range(300)], 4), ([i // 100 for i in range(300)], 0)):
        found = twins(Images().from_arrays(images, labels), part_N)
        assert (found[0].evidence["images"] if found else 0) == count
    values = np.arange(300) + 0.5
    assert twins(Images().from_arrays(images, values), part_N) == []
    values[200:204] = values[:4]
    assert len(twins(Images().from_arrays(images, values), part_N)) == 1
