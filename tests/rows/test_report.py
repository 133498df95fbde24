"""Rows of the checklist that the report proves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pellucid.report import html, text
from pellucid.report.build import build


@pytest.fixture(scope="module")
def samples() -> ModuleType:
    """Small real networks; the file lies with the tests of the report and outside every package."""
    place = Path(__file__).parents[1] / "report" / "samples.py"
    spec = importlib.util.spec_from_file_location("report_samples_of_rows", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.row("A19")
def test_the_ladder_stands_beside_the_network_and_says_when_it_is_no_better(samples: ModuleType) -> None:
    found = build(samples.noise())
    assert [rung["name"] for rung in found["ladder"]["rows"]] == ["constant", "linear", "neighbours"]
    assert found["verdict"]["headline"].endswith("Use the simpler model.")
    page, shown = html.render(found), text.render(found)
    for title in ("This network", "Constant", "Logistic regression", "Nearest neighbours"):
        assert title in page
    assert "Use the simpler model." in page and "Use the simpler model." in shown


@pytest.mark.row("P3")
def test_imbalance_warns_about_accuracy_and_shows_balanced_accuracy(samples: ModuleType) -> None:
    found = build(samples.rare())
    assert found["warnings"][0]["check"] == "class-imbalance"
    assert "accuracy misleads" in " ".join(found["verdict"]["sentences"])
    scores = found["scores"]["test"]
    assert scores["balanced_accuracy"]["value"] < scores["accuracy"]["value"]
    # the constant model is accurate and worthless, and both are on the page
    constant = found["ladder"]["rows"][0]["scores"]
    assert constant["accuracy"]["value"] > 0.8 and constant["balanced_accuracy"]["value"] == 0.5
    assert "accuracy misleads" in html.render(found)
    assert not build(samples.iris())["warnings"]


@pytest.mark.row("A5", "A10")
def test_the_decision_map_of_xor_is_drawn(samples: ModuleType) -> None:
    found = build(samples.xor())
    plane = found["landscape"]
    side, grid = plane["side"], plane["grid"]
    low, high = side // 4, 3 * side // 4
    same, different = plane["names"].index("same"), plane["names"].index("different")
    assert grid[low][low] == grid[high][high] == same
    assert grid[low][high] == grid[high][low] == different
    page = html.render(found)
    assert 'id="landscape"' in page and 'aria-label="Decision map"' in page and "data:image/png;base64," in page
    assert page.count("<circle") > 200
