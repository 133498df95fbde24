"""When the doctor looks closely: always at first, then as its share of the time allows."""

from __future__ import annotations

from pellucid.doctor.script.clock import DENSE, SHARE, WIDEST, Clock


def worn(own: float, plain: float, close: float, total: float) -> Clock:
    clock = Clock()
    clock.own, clock.plain, clock.close, clock.total = own, plain, close, total
    return clock


def test_the_first_steps_are_all_looked_at() -> None:
    clock = Clock()
    assert all(clock.tick(step, True) for step in range(1, DENSE))


def test_the_interval_keeps_to_the_share() -> None:
    clock = worn(own=0.0, plain=0.050, close=0.010, total=100.0)
    assert clock.interval(10_000) == 0.010 / (SHARE * 0.050)


def test_long_steps_with_dear_looks_are_looked_at_less_often() -> None:
    dear, cheap = worn(own=0.0, plain=0.05, close=0.02, total=1.0), worn(own=0.0, plain=0.05, close=0.001, total=1.0)
    assert (dear.dense, cheap.dense) == (DENSE // 2, DENSE) and dear.interval(DENSE - 1) == 4


def test_what_is_owed_is_saved_up() -> None:
    free, owing = worn(0.0, 0.05, 0.001, 10.0), worn(0.3, 0.05, 0.001, 10.0)
    assert owing.interval(10_000) > free.interval(10_000)


def test_no_interval_is_wider_than_the_run_so_far_allows() -> None:
    assert worn(9.0, 0.001, 0.01, 1.0).interval(40) == DENSE
    assert worn(9.0, 0.050, 0.01, 1.0).interval(40) == 2 * DENSE
    assert worn(9.0, 0.001, 0.01, 1.0).interval(10**6) == WIDEST


def test_the_share_is_own_time_over_that_of_the_steps() -> None:
    assert worn(0.5, 0.0, 0.0, 50.0).share == 0.01 and Clock().share == 0.0
