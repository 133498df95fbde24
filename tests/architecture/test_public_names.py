"""The public names, pinned: a change of this list is a change of the interface."""

from __future__ import annotations

import pellucid

PUBLIC = [
    "AlexNet",
    "Audio",
    "CNN",
    "Classification",
    "Code",
    "Decoder",
    "Detection",
    "Embedding",
    "Forecasting",
    "Foreign",
    "Frames",
    "GRU",
    "Images",
    "Inception",
    "LSTM",
    "Labelling",
    "Language",
    "LeNet",
    "MLP",
    "Multilabel",
    "PellucidError",
    "RNN",
    "Recipe",
    "Regression",
    "ResNet",
    "Segmentation",
    "Series",
    "Supervised",
    "TCN",
    "Table",
    "Text",
    "Transformer",
    "Translation",
    "UNet",
    "VGG",
    "Verification",
    "__version__",
    "check",
    "diagnose",
    "generate",
    "load",
    "resume",
    "steps",
    "train",
    "watch",
]


def test_the_public_names_are_these() -> None:
    assert pellucid.__all__ == PUBLIC


def test_they_are_sorted_and_listed() -> None:
    assert sorted(PUBLIC) == PUBLIC and dir(pellucid) == PUBLIC


def test_every_one_resolves() -> None:
    for name in PUBLIC:
        assert getattr(pellucid, name) is not None, name
