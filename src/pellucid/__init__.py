"""Train neural networks you can see through.

    import pellucid
    run = pellucid.train(pellucid.Recipe(data=pellucid.Table(path="churn.csv", target="left")))
    run.predict("new.csv")

Names are resolved when they are first used, so that importing the package imports neither NumPy nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pellucid.devices import set_spin_count

__version__ = "0.1.0"

_HOMES = {
    "AlexNet": "pellucid.families.alexnet",
    "Audio": "pellucid.data.audio",
    "CNN": "pellucid.families.cnn",
    "Classification": "pellucid.tasks.classification",
    "Code": "pellucid.code",
    "Decoder": "pellucid.families.decoder",
    "Detection": "pellucid.tasks.detection",
    "Embedding": "pellucid.tasks.embedding",
    "Forecasting": "pellucid.tasks.forecasting",
    "Foreign": "pellucid.families.foreign",
    "Frames": "pellucid.families.frames",
    "GRU": "pellucid.families.gru",
    "Images": "pellucid.data.image",
    "Inception": "pellucid.families.inception",
    "LSTM": "pellucid.families.lstm",
    "Labelling": "pellucid.tasks.labelling",
    "Language": "pellucid.tasks.language",
    "LeNet": "pellucid.families.lenet",
    "MLP": "pellucid.families.mlp",
    "Multilabel": "pellucid.tasks.multilabel",
    "PellucidError": "pellucid.errors",
    "RNN": "pellucid.families.rnn",
    "Recipe": "pellucid.recipe",
    "Regression": "pellucid.tasks.regression",
    "ResNet": "pellucid.families.resnet",
    "Segmentation": "pellucid.tasks.segmentation",
    "Series": "pellucid.data.series",
    "Supervised": "pellucid.methods.supervised",
    "TCN": "pellucid.families.tcn",
    "Table": "pellucid.data.table",
    "Text": "pellucid.data.text",
    "Transformer": "pellucid.families.transformer",
    "Translation": "pellucid.tasks.translation",
    "UNet": "pellucid.families.unet",
    "VGG": "pellucid.families.vgg",
    "Verification": "pellucid.tasks.verification",
    "check": "pellucid.jobs",
    "diagnose": "pellucid.runs",
    "generate": "pellucid.jobs",
    "load": "pellucid.jobs",
    "resume": "pellucid.jobs",
    "steps": "pellucid.jobs",
    "train": "pellucid.jobs",
    "watch": "pellucid.examine",
}

__all__ = sorted([*_HOMES, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll] - the names below, lazily

if TYPE_CHECKING:
    from pellucid.code import Code as Code
    from pellucid.data.audio import Audio as Audio
    from pellucid.data.image import Images as Images
    from pellucid.data.series import Series as Series
    from pellucid.data.table import Table as Table
    from pellucid.data.text import Text as Text
    from pellucid.errors import PellucidError as PellucidError
    from pellucid.examine import watch as watch
    from pellucid.families.alexnet import AlexNet as AlexNet
    from pellucid.families.cnn import CNN as CNN
    from pellucid.families.decoder import Decoder as Decoder
    from pellucid.families.foreign import Foreign as Foreign
    from pellucid.families.frames import Frames as Frames
    from pellucid.families.gru import GRU as GRU
    from pellucid.families.inception import Inception as Inception
    from pellucid.families.lenet import LeNet as LeNet
    from pellucid.families.lstm import LSTM as LSTM
    from pellucid.families.mlp import MLP as MLP
    from pellucid.families.resnet import ResNet as ResNet
    from pellucid.families.rnn import RNN as RNN
    from pellucid.families.tcn import TCN as TCN
    from pellucid.families.transformer import Transformer as Transformer
    from pellucid.families.unet import UNet as UNet
    from pellucid.families.vgg import VGG as VGG
    from pellucid.jobs import check as check
    from pellucid.jobs import generate as generate
    from pellucid.jobs import load as load
    from pellucid.jobs import resume as resume
    from pellucid.jobs import steps as steps
    from pellucid.jobs import train as train
    from pellucid.methods.supervised import Supervised as Supervised
    from pellucid.recipe import Recipe as Recipe
    from pellucid.runs import diagnose as diagnose
    from pellucid.tasks.classification import Classification as Classification
    from pellucid.tasks.detection import Detection as Detection
    from pellucid.tasks.embedding import Embedding as Embedding
    from pellucid.tasks.forecasting import Forecasting as Forecasting
    from pellucid.tasks.labelling import Labelling as Labelling
    from pellucid.tasks.language import Language as Language
    from pellucid.tasks.multilabel import Multilabel as Multilabel
    from pellucid.tasks.regression import Regression as Regression
    from pellucid.tasks.segmentation import Segmentation as Segmentation
    from pellucid.tasks.translation import Translation as Translation
    from pellucid.tasks.verification import Verification as Verification


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        if _HOMES[name] == "pellucid.jobs":
            set_spin_count()  # torch loads with this module, and afterwards it is too late
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'pellucid' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
