from __future__ import annotations

from pellucid.report.curves import POINTS, thin, training_section


def evaluated(losses: list[float]) -> list[dict]:
    return [
        {
            "event": "evaluated",
            "step": at + 1,
            "epoch": at + 1,
            "train_loss": loss,
            "loss": loss,
            "metrics": {},
            "best": 0,
        }
        for at, loss in enumerate(losses)
    ]


def test_overfitting_is_put_in_words() -> None:
    falling = [1 / (at + 1) for at in range(20)]
    assert "still falling" in training_section(evaluated(falling), 1.0, 1.0)["words"]
    assert "overfitting" in training_section(evaluated([*falling, 0.4, 0.8]), 1.0, 1.0)["words"]


def test_long_runs_keep_a_bounded_number_of_points() -> None:
    steps = [
        {"event": "step", "step": at + 1, "epoch": 0, "turn": "t", "loss": 1.0, "learning_rate": 0.1}
        for at in range(10_000)
    ]
    stopped = {"event": "stopped", "step": 10_000, "reason": "patience", "best_step": 77}
    section = training_section([*steps, *evaluated([1.0] * 5000), stopped], 1.0, 1.0)
    assert len(section["batch_loss"]) <= POINTS and len(section["learning_rate"]) <= POINTS + 1
    assert 77 in section["step"] and len(section["step"]) <= POINTS + 1
    assert section["reason"] == "the validation score stopped improving"


def test_thinning_keeps_both_ends() -> None:
    kept = thin([{"at": at} for at in range(1000)], 10, [])
    assert len(kept) == 10 and kept[0]["at"] == 0 and kept[-1]["at"] == 999


def test_an_empty_record_is_no_fault() -> None:
    assert training_section([], 0.0, 0.0)["step"] == []
