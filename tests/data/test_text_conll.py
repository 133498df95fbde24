"""Tagged sentences: real layouts, and every way in which they are broken."""

from __future__ import annotations

import pytest

from pellucid.data.text_conll import of_sentences, read_conll, read_token_lines
from pellucid.errors import DataError

CONLL = b"""-DOCSTART- -X- O

EU NNP B-ORG
rejects VBZ O

# CD O
"""
CONLLU = b"""# text = The cats
1-2\tThecats\t_\t_\t_\t_\t_\t_\t_\t_
1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\t_
2\tcats\tcat\tNOUN\tNNS\t_\t0\troot\t_\t_
2.1\tgone\tgo\tVERB\t_\t_\t_\t_\t_\t_

"""


def refuse(fault: DataError) -> None:
    raise fault


def test_words_and_labels_of_a_conll_file() -> None:
    raw = read_conll(CONLL, "a.conll", None, refuse)
    assert raw.words == [["EU", "rejects"], ["#"]] and raw.labels == [["B-ORG", "O"], ["O"]]
    assert raw.table.line_N.tolist() == [3, 6] and str(raw.place(1)) == "a.conll:6"
    assert raw.texts() == ["EU rejects", "#"] and raw.target == ("label",)


def test_universal_dependencies_skip_what_is_no_word() -> None:
    raw = read_conll(CONLLU, "a.conllu", None, refuse)
    assert raw.words == [["The", "cats"]] and raw.labels == [["DET", "NOUN"]]
    assert read_conll(CONLLU, "a.conllu", "deprel", refuse).labels == [["det", "root"]]
    with pytest.raises(DataError, match='no column "uppos"') as caught:
        read_conll(CONLLU, "a.conllu", "uppos", refuse)
    assert caught.value.hint == "did you mean 'upos'?"


def test_windows_line_ends_and_a_mark_are_no_words() -> None:
    raw = read_conll(b"\xef\xbb\xbfa\tX\r\nb\tY\r\n\r\nc\tX\r\n", "a.conll", None, refuse)
    assert raw.words == [["a", "b"], ["c"]] and raw.labels == [["X", "Y"], ["X"]]


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"a X\nb Y Z\n", "DATA-CSV-RAGGED", "a.conll:2: the line fills 3 columns where there are 2"),
        (b"a\tX\n\tY\n", "DATA-CSV-RAGGED", "a.conll:2: the line fills 1 columns"),
        (b"word\nother\n", "DATA-TARGET", "a.conll:1: the line has 1 column; a word and its label are expected"),
        (b"\n\n", "DATA-CSV-EMPTY", "there are no sentences"),
        (b"a X\n\xff\xfe Y\n", "DATA-CSV-ENCODING", "a.conll:2: byte 0xff at offset 4"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(data: bytes, code: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_conll(data, "a.conll", None, refuse)
    assert caught.value.code == code and said in str(caught.value)


def test_ragged_sentences_may_be_left_out() -> None:
    faults: list[DataError] = []
    raw = read_conll(b"a X\n\nb Y Z\n\nc X\n", "a.conll", None, faults.append)
    assert raw.words == [["a"], ["c"]] and [fault.place.line for fault in faults] == [3]


def test_new_sentences_need_no_labels() -> None:
    raw = read_conll(b"the\ncat\n\nsat\n", "new.conll", None, refuse, labelled=False)
    assert raw.words == [["the", "cat"], ["sat"]] and not raw.labels


def test_json_lines_of_tokens_and_tags() -> None:
    data = b'{"tokens": ["the", "cat"], "ner_tags": [0, 1]}\n\n{"tokens": ["sat"], "ner_tags": [0]}\n'
    raw = read_token_lines(data, "a.jsonl", refuse)
    assert raw.words == [["the", "cat"], ["sat"]] and raw.labels == [["0", "1"], ["0"]] and raw.target == ("ner_tags",)
    assert str(raw.place(1)) == "a.jsonl:3"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"tokens": ["a", "b"], "labels": ["X"]}', "1 labels stand beside 2 tokens"),
        (b'{"tokens": [], "labels": []}', "the sentence has no word"),
        (b'{"tokens": ["a"]}', "there are no labels; its keys are tokens"),
        (b'{"labels": ["a"]}', "there are no tokens"),
        (b'{"tokens": "a", "labels": ["X"]}', 'tokens is a list of words, and "a" is none'),
        (b'{"tokens": [["a"]], "labels": ["X"]}', "which is no word"),
        (b'{"tokens": [" "], "labels": ["X"]}', "which is no word"),
        (b'{"tokens": ["\\ud800"], "labels": ["X"]}', "surrogate"),
        (b'["a"]', "a row is one object"),
        (b"{oops", "is not JSON"),
        (b"[" * 100_000, ""),
    ],
)
def test_a_broken_line_is_refused_by_its_number(line: bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_token_lines(b'{"tokens": ["a"], "labels": ["X"]}\n' + line + b"\n", "a.jsonl", refuse)
    assert caught.value.code == "DATA-JSON" and said in str(caught.value) and caught.value.place.line == 2


def test_sentences_in_memory() -> None:
    raw = of_sentences([["a", "b"], ("c",)], [["X", "Y"], ["X"]], "tag")
    assert raw.words == [["a", "b"], ["c"]] and raw.target == ("tag",) and len(raw.fingerprint) == 64
    for tokens, labels, said in [
        ([["a"]], [["X", "Y"]], "2 labels stand beside 1 tokens"),
        ([["a"]], [], "0 rows of labels"),
        (["a b"], [["X"]], "is none"),
        ([], None, "there are no sentences"),
    ]:
        with pytest.raises(DataError, match=said):
            of_sentences(tokens, labels, "tag")


def test_the_suffix_may_be_told() -> None:
    row = "\t".join(["1", "the", "_", "DET", "_", "_", "_", "_", "_", "_"])
    raw = read_conll(f"# text\n{row}\n".encode(), "standard input", None, refuse, suffix=".conllu")
    assert raw.words == [["the"]] and raw.labels == [["DET"]]
