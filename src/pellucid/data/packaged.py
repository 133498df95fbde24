"""Named sets that have no file in Pellucid: put together from installed `packages`, or drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pellucid.data import packaged_images as images
from pellucid.data import packaged_sequences as sequences
from pellucid.data import toy_sequences, toy_tones
from pellucid.data.packages import Package, verified

LOADERS: dict[str, tuple[Callable[..., Any], tuple[Package, ...]]] = {
    "composites": (images.composites, (images.TUXPAINT, images.SKIMAGE)),
    "fashion_mnist": (images.fashion_mnist, (images.FASHION,)),
    "austen": (sequences.austen, (sequences.AUSTEN,)),
    "elecdemand": (sequences.elecdemand, (sequences.ELECDEMAND,)),
    "languages": (sequences.languages, (sequences.SPOKEN,)),
    "reviews": (sequences.reviews, (sequences.REVIEWS,)),
    "spam": (sequences.spam, (sequences.SPAM,)),
    "verses": (sequences.verses, (sequences.ENGLISH, sequences.SPANISH)),
    **{f"copy{lag}": (partial(toy_sequences.copy, lag), ()) for lag in toy_sequences.LAGS},
    **{f"adding{lag}": (partial(toy_sequences.adding, lag), ()) for lag in toy_sequences.LAGS},
    "tones": (toy_tones.tones, ()),
}
"""Set -> what loads it from the folders of which packages."""


def arrays(name: str) -> dict[str, np.ndarray]:
    """The arrays of a set of images, series or waveforms, named and shaped as those of an `.npz` file of the kind.

    Raises: DataError where a package is not installed, with the command that installs it, or has other files.
    """
    load, packages = LOADERS[name]
    return load(*(verified(package) for package in packages))


def table(name: str) -> dict[str, list[str]]:
    """The columns of a set of texts, of a series in a table, or of sound files (`path`), as in a CSV file.

    Raises: DataError where a package is not installed, with the command that installs it, or has other files.
    """
    load, packages = LOADERS[name]
    return load(*(verified(package) for package in packages))
