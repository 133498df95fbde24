from __future__ import annotations

from pellucid.report.verdict import imbalance, verdict


def test_noise_is_no_better_than_a_baseline(report) -> None:
    verdict = report("noise")["verdict"]
    assert verdict["tone"] in ("same", "worse")
    assert "no better than" in verdict["headline"] or "worse than" in verdict["headline"]
    assert "Use the simpler model" in verdict["headline"]


def test_a_clear_win_is_said(samples) -> None:
    import numpy as np

    from pellucid.report.build import build

    random = np.random.default_rng(0)
    x = random.normal(size=(1500, 12))
    # a product among noise columns: beyond a line, and neighbours drown in the noise
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    names = [f"x{at}" for at in range(12)]
    found = build(samples.table(x, y, names, ("no", "yes"), hidden=32, epochs=80, rate=0.1))
    assert found["verdict"]["tone"] == "good", found["verdict"]
    assert found["ladder"]["difference"]["low"] > 0
    assert "The network is better than the best baseline" in " ".join(found["verdict"]["sentences"])


def test_few_test_rows_are_called_rough(report) -> None:
    assert any("rough" in sentence for sentence in report("iris")["verdict"]["sentences"])


def test_imbalance_needs_a_large_class_and_accuracy() -> None:
    assert imbalance(["a", "b"], [81, 19], ["accuracy"])
    assert imbalance(["a", "b"], [80, 20], ["accuracy"]) is None
    assert imbalance(["a", "b"], [99, 1], ["f1"]) is None
    assert imbalance([], [], ["accuracy"]) is None


def test_a_score_without_an_interval_is_not_called_undefined(report) -> None:
    found = report("noise")
    for value, why in ((0.1, "too few rows judge"), (None, "the score is undefined")):
        gap = {**found["ladder"]["difference"], "value": value, "low": None, "high": None}
        said = verdict({**found, "ladder": {**found["ladder"], "difference": gap}})
        assert f"Network and baselines cannot be compared: {why}." in said["sentences"] and said["tone"] == "unclear"
