"""Running text: parts that share no character, windows in which every token is asked for once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import text_stream
from pellucid.data.splitting import ByGroup, ByTime, Hash
from pellucid.data.text_raw import TextRaw, of_columns
from pellucid.data.text_stream import BLOCKS, Piece, Stream, facts, pieces, runs, stream, window_for
from pellucid.data.vocabulary import BEGIN, END, FIRST, ByteVocabulary
from pellucid.errors import DataError, Place
from pellucid.forms import PADDING, UNJUDGED_STEP

END_JUDGES = ByTime(column="position", valid=0.1, test=0.1)


def of(code_N: np.ndarray) -> Stream:
    return Stream(len(code_N), lambda start, stop: code_N[start:stop])


def parted(documents: list[str], split) -> list[list[Piece]]:
    raw = TextRaw("documents", of_columns({"text": documents}))
    found = pieces(documents, split)
    part_P = split.assign(facts(raw, documents, found), 0)
    return [runs(found, part_P, code) for code in range(3)]


@settings(deadline=None)  # the first of them loads libraries
@given(st.lists(st.text(st.sampled_from("ab \n"), min_size=1, max_size=500), min_size=1, max_size=4))
def test_parts_cover_every_document_and_never_overlap(documents: list[str]) -> None:
    every = [run for part in parted(documents, END_JUDGES) for run in part]
    for place, text in enumerate(documents):
        edges = sorted((run.start, run.stop) for run in every if run.document == place)
        assert edges[0][0] == 0 and edges[-1][1] == len(text)
        assert all(before[1] == after[0] for before, after in pairwise(edges))


def test_the_end_of_every_text_judges() -> None:
    train, valid, test = parted(["a" * 1000, "b" * 3000], END_JUDGES)
    assert train == [Piece(0, 0, 800), Piece(1, 0, 2400)]
    assert valid == [Piece(0, 800, 900), Piece(1, 2400, 2700)]
    assert test == [Piece(0, 900, 1000), Piece(1, 2700, 3000)]


def test_whole_documents_are_dealt_out_and_copies_stay_together() -> None:
    documents = [f"text {place % 10}" for place in range(40)]
    for split in (ByGroup(column="document", valid=0.2, test=0.2), Hash(valid=0.3, test=0.3)):
        parts = [{documents[run.document] for run in part} for part in parted(documents, split)]
        assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
        assert len(set.union(*parts)) == 10


def test_splits_that_do_not_go_with_running_text() -> None:
    with pytest.raises(DataError, match="2 documents are too few") as caught:
        pieces(["a", "b"], Hash())
    assert caught.value.hint is not None and "position" in caught.value.hint
    with pytest.raises(DataError, match='no column "author"'):
        parted(["a", "b", "c"], ByGroup(column="author"))
    with pytest.raises(DataError, match='not by "when"'):
        parted(["a", "b", "c"], ByTime(column="when"))


def test_documents_begin_and_whole_ones_end() -> None:
    found = stream(["ab", "cd"], [Piece(0, 0, 2), Piece(1, 0, 1)], ByteVocabulary())
    a, b, c = (FIRST + ord(letter) for letter in "abc")
    assert found.read(0, found.count).tolist() == [BEGIN, a, b, END, BEGIN, c]
    assert stream(["ab"], [Piece(0, 0, 2)], ByteVocabulary()).read(0, 9).tolist() == [BEGIN, a, b]


@given(st.integers(1, 60), st.integers(1, 12))
def test_every_token_is_asked_for_once_from_those_before_it(tokens: int, length: int) -> None:
    code_N = np.arange(10, 11 + tokens)
    batch = of(code_N).windows(length)
    code_BT, target_BT = batch.input[0], batch.target
    assert target_BT is not None and code_BT.shape == target_BT.shape and code_BT.shape[1] == length
    judged = target_BT != UNJUDGED_STEP
    assert sorted(target_BT[judged].tolist()) == code_N[1:].tolist()
    assert bool((target_BT[judged] == code_BT[judged] + 1).all())
    if tokens >= length:
        assert bool((code_BT != PADDING).all())
    else:
        assert code_BT[0].tolist() == code_N[:length].tolist() + [PADDING] * (length - tokens - 1)


def test_where_a_document_begins_is_not_asked_for() -> None:
    batch = stream(["ab", "cd"], [Piece(0, 0, 2), Piece(1, 0, 2)], ByteVocabulary()).windows(7)
    assert batch.target is not None
    assert batch.target.tolist() == [[FIRST + 97, FIRST + 98, END, UNJUDGED_STEP, FIRST + 99, FIRST + 100, END]]


def test_a_window_is_as_long_as_the_shortest_part_allows() -> None:
    long, short, none = of(np.zeros(500)), of(np.zeros(41)), of(np.zeros(1))
    assert window_for([long, short, none], 128, Place()) == 40 and window_for([long, long], 128, Place()) == 128
    with pytest.raises(DataError, match="at least 8"):
        window_for([long, of(np.zeros(5))], 128, Place())


def test_what_is_learnt_from_is_spread_over_the_text_from_its_first_part_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_stream, "RUN", 10)
    text = "".join(f"{at:09} " for at in range(4000))
    found = [Piece(0, 0, 20_000), Piece(0, 20_000, 40_000)]
    learnt = [int(part) for part in text_stream.spread([text], found, 6400)]
    assert len(learnt) == len(set(learnt)) == 640 and min(learnt) == 0 and max(learnt) == 3999
    first = learnt[:40]
    assert first == sorted(first) and first[-1] > 3800 and max(np.diff(first)) < 120
    assert "".join(text_stream.spread([text], found)) == text == "".join(text_stream.spread([text], found, 40_000))


def test_a_short_text_has_a_block_for_each_character() -> None:
    assert pieces(["abc"], END_JUDGES) == [Piece(0, 0, 1), Piece(0, 1, 2), Piece(0, 2, 3)]
    sizes = np.array([piece.stop - piece.start for piece in pieces(["x" * 1234], END_JUDGES)])
    assert len(sizes) == BLOCKS and sizes.min() >= 12 and sizes.max() <= 13
