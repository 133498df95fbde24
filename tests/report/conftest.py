"""Reports of small real networks, each built once for the whole session."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pellucid.report.build import build
from pellucid.report.evidence import Evidence


def load() -> ModuleType:
    """`samples.py`, which lies beside this file and outside every package."""
    spec = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("samples.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The module of sample networks."""
    return load()


@pytest.fixture(scope="session")
def evidence(samples: ModuleType) -> Callable[[str], Evidence]:
    """Name of a sample -> its evidence."""
    return cache(lambda name: getattr(samples, name)())


@pytest.fixture(scope="session")
def report(evidence: Callable[[str], Evidence]) -> Callable[[str], dict[str, Any]]:
    """Name of a sample -> its report."""
    return cache(lambda name: build(evidence(name)))
