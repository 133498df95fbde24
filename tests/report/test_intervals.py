from __future__ import annotations

import math
from dataclasses import replace

import torch

from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.report.intervals import blocks, difference, draws, interval, resamples, together
from pellucid.report.outcome import outcome


def accuracy_interval(right: torch.Tensor, seed: int):
    label = right.long()
    truth = torch.ones_like(label)
    prediction = Prediction(label=label, probability=torch.nn.functional.one_hot(label, 2).double())
    drawn = draws([metric("accuracy")], prediction, truth, seed)["accuracy"]
    return interval(float(right.double().mean()), drawn)


def test_an_interval_is_near_the_normal_one() -> None:
    right = torch.arange(400) < 320
    found = accuracy_interval(right, 0)
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert abs(found.low - (0.8 - half)) < 0.008 and abs(found.high - (0.8 + half)) < 0.008
    assert found.resamples == 1000


def test_the_truth_is_inside_about_95_times_of_100() -> None:
    stream = torch.Generator().manual_seed(0)
    inside = 0
    for trial in range(60):
        found = accuracy_interval(torch.rand(150, generator=stream) < 0.7, trial)
        inside += found.low <= 0.7 <= found.high
    assert inside >= 52


def test_the_same_seed_gives_the_same_interval() -> None:
    right = torch.arange(100) < 70
    assert accuracy_interval(right, 3) == accuracy_interval(right, 3)
    assert accuracy_interval(right, 3) != accuracy_interval(right, 4)


def test_a_model_is_no_better_than_itself() -> None:
    truth = torch.arange(100) % 2
    prediction = Prediction(label=truth, probability=torch.nn.functional.one_hot(truth, 2).double())
    chosen = metric("log_loss")
    one = (0.0, draws([chosen], prediction, truth, 0)["log_loss"])
    found = difference(chosen, one, one)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_better_is_positive_whichever_way_a_metric_points() -> None:
    values = torch.linspace(0.9, 1.1, 100, dtype=torch.float64)
    assert difference(metric("rmse"), (1.0, values), (2.0, values + 1)).low > 0
    assert difference(metric("accuracy"), (1.0, values), (2.0, values + 1)).high < 0


def test_undefined_draws_are_left_out() -> None:
    drawn = torch.cat([torch.full((50,), math.nan), torch.linspace(0, 1, 100)]).double()
    assert interval(0.5, drawn).resamples == 100
    assert interval(math.nan, drawn).resamples == 0
    assert math.isnan(interval(0.5, drawn[:55]).low)


def test_costly_scores_and_many_rows_get_fewer_resamples() -> None:
    assert resamples(metric("accuracy"), 100) == 1000
    assert resamples(metric("roc_auc"), 100) == 300
    assert resamples(metric("accuracy"), 10_000) == 200


def test_no_rows_give_no_interval() -> None:
    empty = Prediction(label=torch.zeros(0, dtype=torch.int64))
    assert len(draws([metric("accuracy")], empty, torch.zeros(0, dtype=torch.int64), 0)["accuracy"]) == 0


def test_summed_scores_are_those_of_the_drawn_rows() -> None:
    stream = torch.Generator().manual_seed(0)
    truth = torch.randint(3, (40,), generator=stream)
    probability = torch.rand(40, 3, generator=stream, dtype=torch.float64).softmax(1)
    cases = [
        (("accuracy", "log_loss", "brier"), Prediction(label=probability.argmax(1), probability=probability), truth),
        (("mse", "mae"), Prediction(value=torch.rand(40, 2, dtype=torch.float64)), torch.rand(40, 2).double()),
        (("iou", "dice", "pixel_accuracy"),
         Prediction(label=torch.randint(3, (40, 4, 4), generator=stream), classes=3),
         torch.randint(3, (40, 4, 4), generator=stream)),
    ]  # fmt: skip
    for names, prediction, target in cases:
        chosen = [metric(name) for name in names]
        assert all(one.sums is not None for one in chosen)
        whole = [replace(one, sums=None) for one in chosen]
        summed, measured = draws(chosen, prediction, target, 5), draws(whole, prediction, target, 5)
        for name in names:
            torch.testing.assert_close(summed[name], measured[name])


def test_a_draw_without_a_judged_pixel_is_undefined() -> None:
    truth = torch.full((20, 2, 2), 255)
    truth[0] = 0
    prediction = Prediction(label=torch.zeros(20, 2, 2, dtype=torch.uint8), classes=3)
    drawn = draws([metric("pixel_accuracy")], prediction, truth, 0)["pixel_accuracy"]
    assert 0.5 < float(drawn.isfinite().double().mean()) < 0.8


def test_overlapping_forecasts_are_drawn_as_blocks_of_one_horizon() -> None:
    found = blocks([*range(100, 140), *range(200, 203), *range(300, 360, 3)], 6)
    assert found is not None
    stream = torch.Generator().manual_seed(0)
    index = found.draw(60, stream)
    assert len(index) == 60 and int(index.max()) < 63
    sizes = dict(zip(found.start_S.tolist(), found.size_S.tolist(), strict=True))
    assert {sizes[at] for at in range(35)} == {6} and 35 not in sizes  # a whole block fits behind each start
    assert sizes[40] == 3 and 41 not in sizes  # a short series is one block
    assert {sizes[at] for at in range(43, 61)} == {2} and 62 not in sizes  # of origins three rows apart
    drawn = torch.bincount(torch.cat([found.draw(63, stream) for _ in range(4000)]), minlength=63).double() / 4000
    series = [float(drawn[part].mean()) for part in (slice(0, 40), slice(40, 43), slice(43, 63))]
    assert all(abs(mean - 1) < 0.05 for mean in series)  # every series counts by its forecasts


def test_forecasts_that_do_not_overlap_are_drawn_one_by_one() -> None:
    assert blocks(range(0, 60, 6), 6) is None and blocks(range(60), 1) is None and blocks([5], 6) is None


def test_blocks_widen_the_interval_of_forecasts_whose_errors_are_alike() -> None:
    stream = torch.Generator().manual_seed(0)
    noise = torch.randn(330, generator=stream, dtype=torch.float64)
    error_NH1 = noise.unfold(0, 24, 1).mean(1)[:300, None, None].expand(-1, 24, 1)
    prediction, truth = Prediction(value=error_NH1), torch.zeros(300, 24, 1, dtype=torch.float64)
    single, blocked = (
        interval(0.0, draws([metric("mae")], prediction, truth, 0, one)["mae"])
        for one in (None, blocks(range(300), 24))
    )
    assert blocked.high - blocked.low > 2 * (single.high - single.low)


def test_a_single_block_gives_no_interval() -> None:
    prediction, truth = Prediction(value=torch.rand(5, 8, 1).double()), torch.rand(5, 8, 1).double()
    assert len(draws([metric("mae")], prediction, truth, 0, blocks(range(5), 8))["mae"]) == 0


def test_only_forecasts_are_drawn_together(sequence) -> None:
    forecasts = outcome(sequence("airline"), "test")
    found = together(forecasts)
    assert found is not None and set(found.size_S.tolist()) == {forecasts.truth.shape[1]}
    assert together(outcome(sequence("vowels"), "test")) is None
