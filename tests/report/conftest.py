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

from pellucid.recipe import recipe_of
from pellucid.report.build import build
from pellucid.report.collect import collect
from pellucid.report.evidence import Evidence
from pellucid.training.session import prepare


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


SMALL: dict[str, Any] = {"kind": "gru", "width": 8}
SEQUENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "tagged": ("tagged", {"model": SMALL}),
    "melodies": ("melodies", {"model": SMALL}),
    "vectors": ("melodies", {"model": {"kind": "mlp", "widths": []}, "task": "embedding"}),
    "translation": ("toy_translation", {"model": SMALL}),
    "attentive": ("toy_translation", {"model": {"kind": "transformer", "width": 8, "heads": 2, "depth": 1}}),
    "airline": ("airline", {"model": SMALL}),
    "vowels": ("japanese_vowels", {"model": SMALL}),
    "tones": ("tones", {"model": SMALL}),
}
"""Name -> (data set, settings): networks of sequences as they are before training."""
OPINIONS = (("good", "great"), ("bad", "awful"))


@pytest.fixture(scope="session")
def sequence(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Evidence]:
    """Name -> the evidence of an untrained network over real sequences; `opinions` are 200 short texts of two kinds."""

    @cache
    def made(name: str) -> Evidence:
        folder = tmp_path_factory.mktemp(name)
        source, settings = SEQUENCES.get(name, (str(folder / "texts.csv"), {"model": SMALL}))
        if name == "opinions":
            rows = [
                f"the {'nice ' * (row % 5)}tea is {OPINIONS[row % 2][row % 3 % 2]} and {row % 11}" for row in range(200)
            ]
            lines = [f"{text},{('like', 'dislike')[row % 2]}" for row, text in enumerate(rows)]
            (folder / "texts.csv").write_text("\n".join(["text,opinion", *lines]))
            settings = {"model": SMALL, "data.kind": "text", "data.target": "opinion"}
        session = prepare(recipe_of(source, None, settings)[0])
        (folder / "record.jsonl").touch()
        return collect(session, folder, seconds=1.0, speed=1.0)

    return made


@pytest.fixture(scope="session")
def sequence_report(sequence: Callable[[str], Evidence]) -> Callable[[str], dict[str, Any]]:
    """Name -> the report of such a network."""
    return cache(lambda name: build(sequence(name)))
