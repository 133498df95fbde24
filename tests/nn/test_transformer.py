"""The Transformer against torch's own layers, its causality, its memory, and what padding may change: nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from pellucid.errors import RecipeError
from pellucid.families.transformer import Transformer
from pellucid.forms import Form, Paired, Steps, each, sequence
from pellucid.nn.noise import share_draw
from pellucid.nn.sequence import SequenceTrunk
from pellucid.nn.traces import traced
from pellucid.nn.transformer import ROOM, Block, EncoderDecoder, TransformerTrunk
from pellucid.seeds import Draw

torch.set_num_threads(1)
WIDTH, HEADS, LENGTH = 16, 4, 7
POSITIONS = ("learned", "sinusoidal", "rotary", "none")


def made(form: Form, **fields: Any) -> Any:
    small = {"width": WIDTH, "heads": HEADS, "depth": 2, "dropout": 0.0}
    trunk = Transformer.model_validate(small | fields).build(form)
    torch.manual_seed(0)
    for parameter in trunk.parameters():  # norms and biases too, so that none of them may be left out
        nn.init.normal_(parameter, 1.0 if parameter.dim() == 1 and parameter.mean() == 1 else 0.0, 0.3)
    return trunk.eval()


def steps(rows: int, length: int, width: int = WIDTH, lengths: tuple[int, ...] | None = None) -> Steps:
    mask_BT = torch.arange(length) < torch.tensor(lengths or (length,) * rows)[:, None]
    return Steps(torch.randn(rows, length, width, generator=torch.Generator().manual_seed(1)), mask_BT)


def copied(block: Block, twin: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer) -> None:
    """Gives torch's layer our weights."""
    pairs: list[tuple[nn.Module, nn.Module]] = [
        (block.feed_forward.widen, twin.linear1),
        (block.feed_forward.narrow, twin.linear2),
        (block.attention.outward, twin.self_attn.out_proj),
        (block.attention_norm, twin.norm1),
    ]
    twin.self_attn.in_proj_weight.data = block.attention.inward.weight.data
    twin.self_attn.in_proj_bias.data = block.attention.inward.bias.data
    if isinstance(twin, nn.TransformerDecoderLayer):
        assert block.cross is not None and block.cross_norm is not None
        both = (block.cross.query, block.cross.inward)
        twin.multihead_attn.in_proj_weight.data = torch.cat([layer.weight.data for layer in both])
        twin.multihead_attn.in_proj_bias.data = torch.cat([layer.bias.data for layer in both])
        pairs += [(block.cross.outward, twin.multihead_attn.out_proj), (block.cross_norm, twin.norm2)]
        pairs += [(block.feed_forward_norm, twin.norm3)]
    else:
        pairs += [(block.feed_forward_norm, twin.norm2)]
    for ours, torchs in pairs:
        torchs.load_state_dict(ours.state_dict())


def options(norm: str) -> dict[str, Any]:
    return {"activation": "gelu", "batch_first": True, "norm_first": norm == "pre", "dropout": 0.0}


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("causal", [False, True])
def test_it_equals_torchs_encoder_given_the_same_weights(norm: str, causal: bool):
    ours = made(sequence(WIDTH, LENGTH, causal=causal), norm=norm, positions="none")
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, **options(norm))
    final = nn.LayerNorm(WIDTH) if norm == "pre" else None
    torchs = nn.TransformerEncoder(layer, 2, norm=final, enable_nested_tensor=False)
    for block, twin in zip(ours.blocks, torchs.layers, strict=True):
        copied(block, twin)
    if final is not None:
        assert torchs.norm is not None
        torchs.norm.load_state_dict(ours.norm.state_dict())
    given = steps(3, LENGTH, lengths=(7, 4, 1))
    later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1) if causal else None
    expected = torchs(given.x_BTD * ours.entrance.scale, mask=later, src_key_padding_mask=~given.mask_BT)
    kept = given.mask_BT
    torch.testing.assert_close(ours(given).x_BTD[kept], expected[kept], atol=1e-5, rtol=0)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("causal", [False, True])
def test_it_equals_torchs_encoder_and_decoder_given_the_same_weights(norm: str, causal: bool):
    ours = made(sequence(WIDTH, 5, context=sequence(WIDTH, LENGTH, causal=causal)), norm=norm, positions="none")
    assert isinstance(ours, EncoderDecoder)
    reading = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, **options(norm))
    writing = nn.TransformerDecoderLayer(WIDTH, HEADS, 4 * WIDTH, **options(norm))
    encoder = nn.TransformerEncoder(reading, 2, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
    decoder = nn.TransformerDecoder(writing, 2, norm=nn.LayerNorm(WIDTH))
    torchs = nn.Transformer(WIDTH, HEADS, custom_encoder=encoder, custom_decoder=decoder, batch_first=True)
    for blocks, layers in ((ours.encoder.blocks, encoder.layers), (ours.decoder.blocks, decoder.layers)):
        for block, twin in zip(blocks, layers, strict=True):
            copied(block, twin)  # pyright: ignore[reportArgumentType]
    for trunk, twin in ((ours.encoder, encoder), (ours.decoder, decoder)):
        if norm == "pre":
            assert isinstance(twin.norm, nn.LayerNorm)
            twin.norm.load_state_dict(trunk.norm.state_dict())
        else:
            twin.norm = None
    source, context = steps(3, 5, lengths=(5, 3, 1)), steps(3, LENGTH, lengths=(2, 7, 4))
    expected = torchs(
        source.x_BTD * ours.encoder.entrance.scale,
        context.x_BTD * ours.decoder.entrance.scale,
        tgt_mask=torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1) if causal else None,
        src_key_padding_mask=~source.mask_BT,
        memory_key_padding_mask=~source.mask_BT,
        tgt_key_padding_mask=~context.mask_BT,
    )
    given, kept = ours(Paired(source, context)), context.mask_BT
    torch.testing.assert_close(given.x_BTD[kept], expected[kept], atol=1e-5, rtol=0)
    assert torch.equal(given.mask_BT, context.mask_BT)


@pytest.mark.parametrize("positions", POSITIONS)
def test_causal_outputs_are_not_moved_by_the_future(positions: str):
    ours = made(sequence(3, LENGTH, causal=True), positions=positions)
    before = steps(2, LENGTH, 3)
    after = Steps(before.x_BTD.clone(), before.mask_BT)
    after.x_BTD[:, 4:] += 5
    assert torch.equal(ours(before).x_BTD[:, :4], ours(after).x_BTD[:, :4])
    assert (ours(before).x_BTD[:, 4:] - ours(after).x_BTD[:, 4:]).abs().min() > 0


def gradients(trunk: SequenceTrunk, signal: Steps | Paired, kept: torch.Tensor) -> list[torch.Tensor]:
    """Outputs at the positions there are, and what they ask of every parameter."""
    trunk.zero_grad()
    out = trunk(signal).x_BTD[kept]
    out.sin().sum().backward()
    return [out.detach(), *(one.grad.clone() for one in trunk.parameters() if one.grad is not None)]


def longer(part: Steps, more: int) -> Steps:
    noise_BTD = torch.randn(len(part.x_BTD), more, part.x_BTD.shape[2])
    return Steps(torch.cat([part.x_BTD, noise_BTD], 1), nn.functional.pad(part.mask_BT, (0, more)))


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary"])
@pytest.mark.parametrize("form", ["encoder", "causal", "pair", "causal pair"])
def test_padding_and_the_order_of_rows_change_nothing(positions: str, form: str):
    causal = "causal" in form
    past, future = steps(4, 5, lengths=(5, 1, 3, 2)), steps(4, 6, lengths=(2, 6, 6, 1))
    if "pair" in form:
        ours = made(sequence(WIDTH, 12, context=sequence(WIDTH, 12, causal=causal)), positions=positions)
        signal, padded = Paired(past, future), Paired(longer(past, 4), longer(future, 3))
    else:
        ours, signal, padded = made(sequence(WIDTH, 12, causal=causal), positions=positions), future, longer(future, 3)
    kept = future.mask_BT
    plain = gradients(ours, signal, kept)
    assert len(plain) == 1 + len(list(ours.parameters()))
    for given, expected in zip(gradients(ours, padded, nn.functional.pad(kept, (0, 3))), plain, strict=True):
        torch.testing.assert_close(given, expected, atol=1e-5, rtol=1e-5)
    order = torch.tensor([2, 0, 3, 1])
    turned = gradients(ours, each(signal, lambda tensor: tensor[order]), kept[order])  # pyright: ignore[reportArgumentType]
    rows = torch.zeros_like(kept, dtype=torch.int64) + torch.arange(4)[:, None]
    for row in range(4):
        torch.testing.assert_close(turned[0][rows[order][kept[order]] == row], plain[0][rows[kept] == row])
    for given, expected in zip(turned[1:], plain[1:], strict=True):
        torch.testing.assert_close(given, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("form", ["encoder", "causal", "pair"])
def test_a_row_of_nothing_but_padding_gives_numbers(form: str):
    empty = steps(2, 4, lengths=(4, 0))
    ours = made(sequence(WIDTH, 4, causal=form == "causal", context=sequence(WIDTH, 4) if form == "pair" else None))
    for number in gradients(ours, Paired(empty, empty) if form == "pair" else empty, torch.ones(2, 4) > 0):
        assert number.isfinite().all()


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_going_on_from_memory_equals_one_pass(positions: str, groups: int, norm: str):
    length = ROOM + 5
    ours = made(sequence(3, length, causal=True), positions=positions, groups=groups, norm=norm)
    given = steps(2, length, 3)
    whole_BTD = ours(given).x_BTD
    for cuts in (range(length + 1), (0, 30, length), (0, 1, 2, 40, 41, length)):
        memory, parts = ours.begin(None, 2), []
        for first, last in pairwise(cuts):
            out, memory = ours.proceed(each(given, lambda part: part[:, first:last]), memory)  # noqa: B023
            parts.append(out.x_BTD)
        torch.testing.assert_close(torch.cat(parts, 1), whole_BTD, atol=1e-5, rtol=0)


@pytest.mark.parametrize("positions", POSITIONS)
def test_prompts_of_different_lengths_go_on_where_each_ended(positions: str):
    ours, lengths = made(sequence(3, 12, causal=True), positions=positions), (2, 5, 4)
    prompt, more = steps(3, 5, 3, lengths), steps(3, 6, 3)
    memory = ours.begin(None, 3)
    _, memory = ours.proceed(prompt, memory)
    first, memory = ours.proceed(each(more, lambda part: part[:, :2]), memory)
    rest = []
    for place in range(2, 6):
        out, memory = ours.proceed(each(more, lambda part: part[:, place : place + 1]), memory)  # noqa: B023
        rest.append(out.x_BTD)
    for row, length in enumerate(lengths):
        x_1TD = torch.cat([prompt.x_BTD[row : row + 1, :length], more.x_BTD[row : row + 1]], 1)
        alone = ours(Steps(x_1TD, torch.ones(1, length + 6, dtype=torch.bool))).x_BTD[0, length:]
        torch.testing.assert_close(torch.cat([first.x_BTD, *rest], 1)[row], alone, atol=1e-5, rtol=0)
    assert memory[0].tolist() == [8, 11, 10]


@pytest.mark.parametrize("even", [False, True])
def test_a_decoder_goes_on_from_what_it_read_and_its_memory_is_reordered(even: bool):
    form = sequence(3, 5, even=even, context=sequence(2, 8, causal=True))
    ours = made(form, groups=2)
    source = steps(3, 5, 3, None if even else (5, 2, 3))
    context, order = steps(3, 6, 2), torch.tensor([1, 1, 0])
    whole_BTD = ours(Paired(source, context)).x_BTD
    memory = ours.begin(source, 3)
    first, memory = ours.proceed(each(context, lambda part: part[:, :4]), memory)
    torch.testing.assert_close(first.x_BTD, whole_BTD[:, :4], atol=1e-5, rtol=0)
    memory = each(memory, lambda tensor: tensor.index_select(0, order))
    last, _ = ours.proceed(each(context, lambda part: part[order, 4:]), memory)
    torch.testing.assert_close(last.x_BTD, whole_BTD[order, 4:], atol=1e-5, rtol=0)


def test_what_may_look_ahead_cannot_go_step_by_step():
    pair = made(sequence(3, 5, context=sequence(2, 5)))
    for trunk, source in ((made(sequence(2, 5)), None), (pair, steps(1, 5, 3))):
        with pytest.raises(RuntimeError, match="whole sequence"):
            trunk.proceed(steps(1, 1, 2), trunk.begin(source, 1))


def test_learned_positions_end_and_the_others_do_not():
    for positions in POSITIONS:
        ours = made(sequence(3, 4, causal=True), positions=positions)
        if positions != "learned":
            assert ours(steps(1, 5, 3)).x_BTD.isfinite().all()
            continue
        with pytest.raises(RecipeError, match="learned positions end at 4, and this sequence has 5"):
            ours(steps(1, 5, 3))
        _, memory = ours.proceed(steps(1, 4, 3), ours.begin(None, 1))
        with pytest.raises(RecipeError, match="end at 4"):
            ours.proceed(steps(1, 1, 3), memory)


def test_dropout_stands_before_the_layers_in_each_of_them_and_behind_them():
    ours = made(sequence(3, LENGTH), dropout=0.5)
    share_draw(ours, Draw(0, "step"))
    given = steps(2, LENGTH, 3)
    assert torch.equal(ours(given).x_BTD, ours(given).x_BTD)
    seen: list[str] = []
    for name, module in ours.named_modules():
        if name.endswith("dropout"):
            module.register_forward_hook(lambda module, inputs, output, name=name: seen.append(name))
    assert not torch.equal(ours.train()(given).x_BTD, ours(given).x_BTD)
    block = ["dropout", "feed_forward.dropout", "dropout"]
    names = [f"blocks.{number}.{name}" for number in range(2) for name in block]
    assert seen[: len(seen) // 2] == ["entrance.dropout", *names]


def test_inputs_come_in_at_the_size_of_1():
    torch.manual_seed(0)
    for width, size in ((256, 256**-0.5), (1, 1.0), (80, 1.0)):
        entrance = Transformer(width=256, positions="none", dropout=0.0).build(sequence(width, 3)).entrance
        if entrance.project is not None:
            nn.init.xavier_uniform_(entrance.project.weight)
            nn.init.zeros_(entrance.project.bias)
        out = entrance(size * torch.randn(500, 3, width), torch.arange(3), 3)
        assert out.square().mean().item() == pytest.approx(1, abs=0.2)


def test_attention_of_every_layer_can_be_seen():
    ours = made(sequence(3, 5, context=sequence(2, 6, causal=True)))
    source, context = steps(2, 5, 3, (5, 3)), steps(2, 6, 2)
    with traced(ours) as traces, torch.no_grad():
        looked = ours(Paired(source, context)).x_BTD
    torch.testing.assert_close(looked, ours(Paired(source, context)).x_BTD, atol=1e-5, rtol=0)
    shapes = {name: tuple(noted["attention"].shape) for name, noted in traces.items()}
    assert shapes == {
        **{f"encoder.blocks.{number}.attention": (2, HEADS, 5, 5) for number in range(2)},
        **{f"decoder.blocks.{number}.attention": (2, HEADS, 6, 6) for number in range(2)},
        **{f"decoder.blocks.{number}.cross": (2, HEADS, 6, 5) for number in range(2)},
    }
    for noted in traces.values():
        torch.testing.assert_close(noted["attention"].sum(3), torch.ones(noted["attention"].shape[:3]))


@pytest.mark.parametrize("positions", POSITIONS)
def test_it_runs_in_half_precision(positions: str):
    ours = made(sequence(3, 6, context=sequence(2, 6, causal=True)), positions=positions)
    source, context = steps(2, 6, 3, (6, 2)), steps(2, 6, 2)
    exact = ours(Paired(source, context)).x_BTD
    with torch.autocast("cpu", torch.bfloat16):
        out = ours(Paired(source, context)).x_BTD
        memory, parts = ours.begin(source, 2), []
        for place in range(6):
            part, memory = ours.proceed(each(context, lambda part: part[:, place : place + 1]), memory)  # noqa: B023
            parts.append(part.x_BTD)
    out.sum().backward()
    for half in (out, torch.cat(parts, 1)):
        assert (half - exact).abs().mean() < 0.1 * exact.abs().mean()
    assert isinstance(ours.decoder, TransformerTrunk)
