"""Two things every test may use: a rotating sample of the suite, and a ledger of the rows it proves."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

ROWS = Path(__file__).parent / "rows" / "rows.txt"


def known_rows() -> dict[str, str]:
    """Row id -> title, in the order of `rows/rows.txt`."""
    lines = ROWS.read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("pellucid")
    group.addoption("--sample", metavar="K/N", help="run the K-th of N equal shares of the selected tests (K from 0)")
    group.addoption("--budget", metavar="SECONDS", type=float, help="start no test after so many seconds")
    group.addoption("--ledger", metavar="FILE", help="write what every test of a row said to a JSON file")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(*paths): what a slow test vouches for; none given: all of src/pellucid")
    config.pluginmanager.register(Ledger(config), "pellucid-ledger")
    budget: float | None = config.getoption("--budget")
    if budget:
        config.pluginmanager.register(Budget(budget), "pellucid-budget")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps one share of the tests: the share of a test is a hash of its name, so it never depends on the others."""
    sample = config.getoption("--sample")
    if not sample:
        return
    share, _, shares = sample.partition("/")
    if not (share.isdigit() and shares.isdigit() and int(share) < int(shares)):
        raise pytest.UsageError(f"--sample takes K/N with K < N, not '{sample}'")
    chosen = [int(sha256(item.nodeid.encode()).hexdigest(), 16) % int(shares) == int(share) for item in items]
    config.hook.pytest_deselected(items=[item for item, keep in zip(items, chosen, strict=True) if not keep])
    items[:] = [item for item, keep in zip(items, chosen, strict=True) if keep]


class Budget:
    """Skips what would start too late."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.start = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        if time.monotonic() - self.start > self.seconds:
            pytest.skip(f"past the budget of {self.seconds:.0f} seconds")


class Ledger:
    """Gathers the tests that carry a row or are slow, and how they ended; it works under pytest-xdist too."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = known_rows()
        for item in items:
            rows = [row for mark in item.iter_markers("row") for row in mark.args]
            if unknown := set(rows) - known.keys():
                raise pytest.UsageError(f"{item.nodeid}: no row {', '.join(sorted(unknown))} in {ROWS.name}")
            slow = item.get_closest_marker("slow") is not None
            if rows or slow:
                covers = [path for mark in item.iter_markers("covers") for path in mark.args] or ["src/pellucid"]
                file = item.path.relative_to(self.config.rootpath).as_posix()
                about = {"rows": rows, "slow": slow, "covers": sorted({file, *covers})}
                self.tests[item.nodeid] = {**about, "outcome": None}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self.tests.get(report.nodeid)
        if test is not None and (report.when == "call" or report.outcome != "passed"):
            test["outcome"] = "failed" if "failed" in (report.outcome, test["outcome"]) else report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        ledger = vars(node).get("workeroutput", {}).get("ledger", {})  # a worker that crashed has none
        for name, test in ledger.items():
            held = self.tests.get(name, test)
            self.tests[name] = {**test, "outcome": held["outcome"] or test["outcome"]}

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["ledger"] = self.tests
        elif path := self.config.getoption("--ledger"):
            Path(path).write_text(json.dumps(dict(sorted(self.tests.items())), indent=1) + "\n", encoding="utf-8")
