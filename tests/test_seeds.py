from __future__ import annotations

import torch

from pellucid.seeds import Draw, generator, key


def test_keys_are_the_same_for_ever() -> None:
    # a change of these numbers changes every run that was ever recorded
    assert key(0, "init", "weight") == 6688716283700436365
    assert key(7, "order", 3) == 6099876426492485686
    assert key(2**63 - 1, "step", 10**9, 1) == 1089635920956943335


def test_streams_do_not_touch() -> None:
    asked = [
        (0, "a"),
        (1, "a"),
        (0, "b"),
        (0, "a", 1),
        (0, "a", 1, 1),
        (0, "a", 11),
        (0, "a", "1", "1", "1"),
        (0, "a1"),
    ]
    assert len({key(*one) for one in asked}) == len(asked)
    many = [key(seed, "step", step) for seed in range(20) for step in range(500)]
    assert len(set(many)) == len(many)
    assert all(0 <= number < 2**63 for number in many)


def test_a_generator_is_a_function_of_its_position() -> None:
    one, same, other = generator(3, "init", "w"), generator(3, "init", "w"), generator(3, "init", "v")
    drawn = [torch.rand(100, generator=stream) for stream in (one, same, other)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_draw_does_not_depend_on_what_was_drawn_before() -> None:
    draw, fresh = Draw(5, "step"), Draw(5, "step")
    for step in range(10):
        draw.at(step, 1).uniform((step + 1, 3))
    assert torch.equal(draw.at(4, 1).normal((7,)), fresh.at(4, 1).normal((7,)))
    assert draw.position == (4, 1)
    assert not torch.equal(draw.at(4, 1).normal((7,)), draw.at(4, 2).normal((7,)))


def test_a_draw_leaves_the_default_generator_alone() -> None:
    state = torch.get_rng_state()
    draw = Draw(5, "step")
    for _ in (draw.uniform((3,)), draw.normal((3,)), draw.integers(0, 5, (3,)), draw.permutation(9)):
        pass
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_drawn_is_what_was_asked() -> None:
    draw = Draw(11, "step").at(2)
    uniform = draw.uniform((100_000,), -1.0, 3.0)
    assert -1 <= float(uniform.min()) < float(uniform.max()) < 3
    assert abs(float(uniform.mean()) - 1) < 0.02
    normal = draw.normal((100_000,), 2.0)
    assert abs(float(normal.mean())) < 0.03
    assert abs(float(normal.std()) - 2) < 0.03
    whole = draw.integers(-2, 3, (10_000,))
    assert whole.unique().tolist() == [-2, -1, 0, 1, 2]
    assert sorted(draw.permutation(50).tolist()) == list(range(50))
