"""Forecasts as a person makes them: better than the season before, and blind to what is still to come."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid import jobs
from pellucid.data.source import Data
from pellucid.data.splitting import choose_split
from pellucid.errors import RecipeError
from pellucid.forms import Paired, Steps
from pellucid.jobs import Run
from pellucid.parts import concrete
from pellucid.seeds import Draw

Train = Callable[..., Run]
Tell = Callable[..., Any]

AIRLINE: Mapping[str, Any] = {"model": "gru", "method": {"epochs": 15}}


def passengers() -> dict[str, list[Any]]:
    """The airline data as a table of a person's own."""
    from pellucid.data.series import Series

    raw = Series(path="airline").read()
    return {"month": raw.stamps_from(0, raw.rows), "passengers": raw.value_ND[:, 0].tolist()}


def write(path: Path, columns: Mapping[str, list[Any]]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return str(path)
