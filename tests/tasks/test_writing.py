"""Writing: with and without a cache alike, drawn as asked, and searched as well as by trying everything."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
import torch

from pellucid import seeds
from pellucid.data.signature import Signature, Target
from pellucid.data.vocabulary import BEGIN, END, FIRST, PADDING
from pellucid.families.catalogue import KINDS as FAMILIES
from pellucid.families.family import Family
from pellucid.forms import Paired, Tokens, sequence
from pellucid.network.assemble import Network, assemble
from pellucid.parts import concrete, load_kind
from pellucid.tasks.language import Language
from pellucid.tasks.translation import Translation
from pellucid.tasks.writing import Reader, Sampling, beam, drawn, sample, sentence, step

torch.set_num_threads(1)
LETTERS = {"kind": "character", "symbols": "abcdef"}
SIZE = FIRST + 6
CAUSAL = sorted(
    kind
    for kind in FAMILIES
    if kind != "foreign" and {"sequence"} == load_kind(Family, kind).accepts == load_kind(Family, kind).gives
)
CONTINUING = sorted(kind for kind in FAMILIES if load_kind(Family, kind).continues)
GREEDY = Sampling(temperature=0.0)


def writer(kind: str, longest: int = 12) -> Network:
    """A language model with large weights at both ends, which is surer of what follows and never at an end."""
    signature = Signature("text", "memory", 1, "", Target("next", ("text",)), vocabulary={"input": LETTERS})
    form = sequence(1, longest, causal=True)
    family, task = concrete(Family, {"kind": kind, "widths": ()} if kind == "mlp" else kind), Language()
    network = enlarged(assemble(form, (SIZE,), signature=signature, family=family, task=task, seed=0))
    with torch.no_grad():
        network.head.bias[END] = -50.0
    return network


def translator(kind: str, symbols: str, longest: int) -> Network:
    known = {"kind": "character", "symbols": symbols}
    target = Target("sentence", ("text",))
    signature = Signature("text", "memory", 1, "", target, vocabulary={"input": LETTERS, "target": known})
    form = sequence(1, 5, context=sequence(1, longest, causal=True))
    family, task = concrete(Family, kind), Translation()
    return enlarged(assemble(form, (SIZE, FIRST + len(symbols)), signature=signature, family=family, task=task, seed=0))


def enlarged(network: Network) -> Network:
    stream = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith(("intake", "head")):
                parameter.normal_(0, 0.7, generator=stream)
    return network.eval()


def sources(rows: int) -> Tokens:
    stream = torch.Generator().manual_seed(1)
    code_BT = torch.randint(FIRST, SIZE, (rows, 5), generator=stream)
    for row in range(rows):
        code_BT[row, 2 + row % 4 :] = PADDING
    return Tokens(code_BT)


def test_there_are_families_that_write():
    assert {"rnn", "lstm", "gru"} <= set(CAUSAL) and {"lstm", "gru"} <= set(CONTINUING)


@pytest.mark.parametrize("kind", CAUSAL)
def test_step_by_step_gives_what_one_pass_over_the_whole_gives(kind: str):
    network = writer(kind)
    code_BT = torch.randint(FIRST, SIZE, (3, 12), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole_BTC, parts, memory = network(Tokens(code_BT)), [], network.trunk.begin(None, 3)
        for part_BT in code_BT.split([1, 1, 5, 2, 3], 1):
            logit_BTC, memory = step(network, part_BT, memory)
            parts.append(logit_BTC)
    torch.testing.assert_close(torch.cat(parts, 1), whole_BTC, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", CAUSAL)
def test_with_a_cache_the_same_is_written_as_without(kind: str):
    network = writer(kind)
    for how in (GREEDY, Sampling(), Sampling(temperature=0.7, top_k=4, top_p=0.9, repetition=1.2)):
        written = [list(sample(network, [FIRST], how, count=40, seed=3, cached=cached)) for cached in (True, False)]
        assert written[0] == written[1] and written[0]
    cached, plain = Reader(network), Reader(network, cached=False)
    codes = [BEGIN]
    for _ in range(40):  # more than three times as long as what it learnt from
        logit_C = cached.after(codes)
        torch.testing.assert_close(logit_C, plain.after(codes), atol=1e-5, rtol=1e-5)
        codes.append(FIRST + int(logit_C[FIRST:].argmax()))


def test_a_network_without_memory_writes_too():
    network = writer("mlp")
    written = [list(sample(network, [FIRST], GREEDY, count=30, seed=0, cached=cached)) for cached in (True, False)]
    after = {one: two for one, two in zip(written[0], written[0][1:], strict=False)}
    assert written[0] == written[1]
    assert all(after[one] == two for one, two in zip(written[0], written[0][1:], strict=False)), "it is a bigram"


def test_never_more_is_read_at_once_than_was_learnt_from():
    network, read = writer("gru", longest=6), []
    network.trunk.register_forward_pre_hook(lambda module, inputs: read.append(inputs[0].mask_BT.shape[1]))
    reader = Reader(network, cached=False)
    for length in range(1, 20):
        reader.after([FIRST] * length)
    assert read[:8] == [1, 2, 3, 4, 5, 6, 3, 4] and max(read) == 6
    long = Reader(network)
    assert long.after([FIRST] * 50).shape == (SIZE,) and long.first == 47


def test_a_seed_draws_the_same_and_another_something_else():
    network = writer("lstm")
    written = [list(sample(network, [], Sampling(), count=30, seed=seed)) for seed in (1, 1, 2)]
    assert written[0] == written[1] != written[2]


def test_writing_ends_at_the_end_and_never_says_what_is_no_text():
    network = writer("rnn")
    with torch.no_grad():
        network.head.bias.zero_()
        network.head.bias[:FIRST] = 50.0
    assert list(sample(network, [FIRST], Sampling(), count=30, seed=0)) == []
    with torch.no_grad():
        network.head.bias[END] = -50.0
    assert all(code >= FIRST for code in sample(network, [FIRST], Sampling(), count=30, seed=0))


def shares(how: Sampling, before: list[int] | None = None) -> dict[int, float]:
    """How often each code is drawn from probabilities of 1/2, 1/4, 1/8 and 1/8, given to codes 7, 5, 4 and 6."""
    logit_C = torch.full((8,), -torch.inf, dtype=torch.float64)
    logit_C[[7, 5, 4, 6]] = torch.tensor([0.5, 0.25, 0.125, 0.125], dtype=torch.float64).log()
    stream = seeds.generator(0, "test")
    counted = Counter(drawn(logit_C, before or [], how, stream) for _ in range(1000))
    return {code: count / 1000 for code, count in counted.items()}


def test_codes_are_drawn_as_often_as_they_are_probable():
    assert shares(Sampling()) == pytest.approx({7: 0.5, 5: 0.25, 4: 0.125, 6: 0.125}, abs=0.05)
    assert shares(Sampling(temperature=0)) == {7: 1}
    assert shares(Sampling(temperature=0.5))[7] == pytest.approx(0.25 / (0.25 + 0.0625 + 2 / 64), abs=0.05)
    assert shares(Sampling(top_k=2)) == pytest.approx({7: 2 / 3, 5: 1 / 3}, abs=0.05)
    assert shares(Sampling(top_k=1)) == {7: 1} == shares(Sampling(top_p=0.5)) == shares(Sampling(top_p=1e-9))
    assert shares(Sampling(top_p=0.7)).keys() == {7, 5} == shares(Sampling(top_p=0.75)).keys()
    assert shares(Sampling(top_k=3, top_p=0.9)).keys() == {7, 5, 4}


def test_repetition_divides_what_stands_there_already():
    found = shares(Sampling(repetition=2.0), [7, 7])  # a negative logit is doubled: 1/2 becomes 1/4
    assert found == pytest.approx({7: 1 / 3, 5: 1 / 3, 4: 1 / 6, 6: 1 / 6}, abs=0.05)
    logit_C = torch.tensor([0.0, 0, 0, 0, 3, 2], dtype=torch.float64)
    assert drawn(logit_C, [4], Sampling(temperature=0, repetition=2.0), seeds.generator(0, "test")) == 5
    assert logit_C[4] == 3, "what was handed over stays as it is"


def scores(network: Network, source: Tokens, sentences: list[tuple[int, ...]]) -> torch.Tensor:
    """log P of each of some sentences of one length after reading a source of one row, told by teacher forcing."""
    code_NU = torch.tensor(sentences)
    prefix_NU = torch.cat([torch.full((len(code_NU), 1), BEGIN), code_NU[:, :-1]], 1)
    repeated = Tokens(source.code_BT.expand(len(code_NU), -1))
    with torch.no_grad():
        log_NUC = network(Paired(repeated, Tokens(prefix_NU))).double().log_softmax(2)
    return log_NUC.gather(2, code_NU.unsqueeze(2)).sum((1, 2))


def best_of_all(network: Network, source: Tokens, longest: int, penalty: float) -> list[int]:
    letters, found = (FIRST, FIRST + 1), list[tuple[float, list[int]]]()
    for length in range(1, longest + 1):
        norm = ((5 + length) / 6) ** penalty
        sentences = [(*body, END) for body in product(letters, repeat=length - 1)]
        if length == longest:
            sentences += list(product(letters, repeat=length))
        for score, codes in zip(scores(network, source, sentences).tolist(), sentences, strict=True):
            found.append((score / norm, [*codes, *[PADDING] * (longest - length)]))
    return max(found)[1]


@pytest.mark.parametrize("kind", CONTINUING)
@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_a_wide_search_finds_the_best_of_all_sentences(kind: str, penalty: float):
    network, source = translator(kind, "ab", 4), sources(6)
    found_BU = beam(network, source, width=16, penalty=penalty)
    for row in range(6):
        alone = Tokens(source.code_BT[row : row + 1])
        assert found_BU[row].tolist() == best_of_all(network, alone, 4, penalty)


@pytest.mark.parametrize("kind", CONTINUING)
def test_a_search_of_width_one_takes_the_most_probable_token_each_time(kind: str):
    network, source = translator(kind, "abc", 6), sources(5)
    found_BU = beam(network, source, width=1, penalty=0.0)
    for row in range(5):
        codes: list[int] = []
        alone = Tokens(source.code_BT[row : row + 1])
        best, best_score, total = [PADDING] * 6, -torch.inf, 0.0
        for _ in range(6):
            with torch.no_grad():
                logit_C = network(Paired(alone, Tokens(torch.tensor([[BEGIN, *codes]]))))[0, -1]
            log_C = logit_C.log_softmax(0)
            if total + log_C[END] > best_score:
                best, best_score = [*codes, END], float(total + log_C[END])
            log_C[:FIRST] = -torch.inf
            codes.append(int(log_C.argmax()))
            total += float(log_C.max())
        best = best if best_score >= total else codes
        assert found_BU[row].tolist() == best + [PADDING] * (6 - len(best))


def test_a_row_is_searched_as_it_is_alone():
    network, source = translator("gru", "abc", 6), sources(5)
    together_BU = beam(network, source, width=4, penalty=0.6)
    for row in range(5):
        code_BT = source.code_BT[row : row + 1]
        cut = Tokens(code_BT[:, : int((code_BT != PADDING).sum())])
        assert torch.equal(beam(network, cut, width=4, penalty=0.6)[0], together_BU[row])


def test_a_sentence_is_what_stands_before_its_end():
    made: Any = [4, 0, 5, END, 6, 0]
    assert sentence(made) == [4, 5] and sentence([-1, 4]) == [4] and sentence([]) == []
