from __future__ import annotations

import pytest

from pellucid.report import text


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "diabetes", "labels", "digits"])
def test_the_terminal_shows_verdict_scores_and_ladder(name, report) -> None:
    found = report(name)
    shown = text.render(found)
    assert found["verdict"]["headline"] in shown
    assert all(metric["title"] in shown for metric in found["metrics"])
    for rung in ("network", "constant", "linear", "neighbours"):
        assert any(line.strip().startswith(rung) for line in shown.splitlines())
    assert " to " in shown and shown.endswith("\n")
