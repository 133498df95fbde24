"""Scores of text: equal to sacrebleu's, by hand, and comparable over vocabularies."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from sacrebleu.metrics.bleu import BLEU as TheirBLEU
from sacrebleu.metrics.chrf import CHRF as TheirCHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from pellucid.data.vocabulary import END, FIRST, ByteVocabulary, CharacterVocabulary, Vocabulary
from pellucid.metrics.catalogue import metric
from pellucid.metrics.metric import Prediction
from pellucid.metrics.text import words

torch.set_num_threads(1)
REAL = [
    "In the beginning God created the heaven and the earth.",
    "And the earth was without form, and void; and darkness was upon the face of the deep.",
    "En el principio creó Dios los cielos y la tierra.",
    "Y llamó Dios a la luz Día, y a las tinieblas llamó Noche: y fue la tarde y la mañana un día.",
    "It cost $1,234.50 (or 3.5% less) in 2019-2020 -- that's &quot;cheap&quot; &amp; &lt;quick&gt;!",
    "An e-mail to a.b@c.org/x_y~z, re: [this] {that} `so` ^up^ | down.",
    "Straße, naïve café, ¿qué?, «oui», 東京は 2.5 度です。",
    "<skipped>line-\nbreak and\nanother  line ",
    "A",
    "",
]


def spelt(said: list[str], true: list[str]) -> tuple[Prediction, torch.Tensor]:
    """A prediction whose codes are numbers of texts."""
    texts = [*said, *true]
    code_N1 = torch.arange(len(texts)).unsqueeze(1)
    made = Prediction(label=code_N1[: len(said)], spell=lambda code: [texts[place] for place in code[:, 0].tolist()])
    return made, code_N1[len(said) :]


def disturbed(text: str, stream: random.Random) -> str:
    """The text with some words gone, doubled or exchanged."""
    kept = [word for word in text.split(" ") for _ in range(stream.choice([0, 1, 1, 1, 1, 2]))]
    if len(kept) > 1 and stream.random() < 0.5:
        place = stream.randrange(len(kept) - 1)
        kept[place], kept[place + 1] = kept[place + 1], kept[place]
    return " ".join(kept)


def check(said: list[str], true: list[str]) -> None:
    prediction, target = spelt(said, true)
    theirs = TheirBLEU().corpus_score(said, [true]).score
    assert metric("bleu").measure(prediction, target, None) == pytest.approx(theirs, abs=1e-6)
    theirs = TheirCHRF().corpus_score(said, [true]).score
    assert metric("chrf").measure(prediction, target, None) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_scores_of_real_sentences_equal_sacrebleu(seed: int):
    stream = random.Random(seed)
    true = [stream.choice(REAL) for _ in range(stream.randrange(2, 8))]
    check([disturbed(text, stream) for text in true], [*true[:-1], REAL[0]])


@settings(max_examples=150, deadline=None)
@given(some.data())
def test_scores_of_random_text_equal_sacrebleu(data: some.DataObject):
    piece = some.text("ab .,-1é&'\n", max_size=24)
    true = data.draw(some.lists(piece, min_size=1, max_size=5))
    said = data.draw(some.lists(piece, min_size=len(true), max_size=len(true)))
    check(said, true)


@settings(max_examples=200, deadline=None)
@given(some.text(max_size=40))
def test_words_are_those_of_mteval(text: str):
    assert words(text) == Tokenizer13a()(text.rstrip()).split()


def test_equal_sentences_are_all_right_and_nothing_in_common_is_nothing():
    prediction, target = spelt(REAL[:3], REAL[:3])
    for name, value in (("bleu", 100), ("chrf", 100), ("exact_match", 1)):
        assert metric(name).measure(prediction, target, None) == pytest.approx(value)
    prediction, target = spelt(["xyz", "xyz"], ["ab", "cd"])
    assert [metric(name).measure(prediction, target, None) for name in ("bleu", "chrf", "exact_match")] == [0, 0, 0]
    prediction, target = spelt(["a b", "c"], ["a b", "d"])
    assert metric("exact_match").measure(prediction, target, None) == 0.5


@pytest.mark.parametrize("name", ["bleu", "chrf", "exact_match"])
def test_what_rows_add_is_the_score_of_the_drawn_rows(name: str):
    stream, chosen = random.Random(0), metric(name)
    true = [stream.choice(REAL[:7]) for _ in range(12)]
    said = [disturbed(text, stream) for text in true]
    index = [stream.randrange(12) for _ in range(12)]
    assert chosen.sums is not None
    times_N = torch.bincount(torch.tensor(index), minlength=12).double()
    summed = chosen.sums.score(torch.stack([times_N @ chosen.sums.of(*spelt(said, true))] * 2))
    measured = chosen.measure(*spelt([said[at] for at in index], [true[at] for at in index]), None)
    assert summed.tolist() == pytest.approx([measured] * 2)


def likelihoods(probability: list[list[float]], known: Vocabulary, target: list[list[int]]):
    kept = torch.tensor([[[math.log(p), float(p > 0.5)] for p in row] for row in probability])
    return Prediction(likelihood_NT2=kept, characters=known.characters), torch.tensor(target)


def test_likelihoods_by_hand():
    known = CharacterVocabulary("ab")
    a, b = FIRST, FIRST + 1
    made = likelihoods([[0.5, 0.25, 0.9], [0.75, 0.125, 1.0]], known, [[a, b, -1], [b, END, -1]])
    bits = 1 + 2 - math.log2(0.75) + 3
    characters = 3 + known.characters[END]
    assert metric("perplexity").measure(*made, None) == pytest.approx(2 ** (bits / 4), rel=1e-6)
    assert metric("bits_per_character").measure(*made, None) == pytest.approx(bits / characters, rel=1e-6)
    assert metric("token_accuracy").measure(*made, None) == 0.25
    weighted = metric("perplexity").measure(*made, torch.tensor([2.0, 0.0]))
    assert weighted == pytest.approx(2**1.5, rel=1e-6)


def test_bits_per_character_do_not_depend_on_the_tokens():
    text = "façade"
    letters, raw = CharacterVocabulary("".join(sorted(set(text)))), ByteVocabulary()
    found = []
    for known in (letters, raw):
        codes = known.encode(text)
        share = [2 ** (-12 / len(codes))] * len(codes)  # the same probability of the whole text, 2^-12
        made = likelihoods([share], known, [codes])
        found.append(metric("bits_per_character").measure(*made, None))
    assert found == pytest.approx([2.0, 2.0])


def test_tokens_of_sentences_are_compared_place_by_place():
    label, target = torch.tensor([[4, 5, 3, 0], [4, 4, 4, 4]]), torch.tensor([[4, 6, 3, -1], [4, 3, -1, -1]])
    assert metric("token_accuracy").measure(Prediction(label=label), target, None) == pytest.approx(3 / 5)


def test_neighbours_have_a_perplexity():
    kept = torch.tensor([[[2 * math.log(0.5), 2.0], [0.0, 0.0]], [[math.log(0.25), 1.0], [math.log(0.5), 1.0]]])
    found = metric("neighbour_perplexity").measure(Prediction(likelihood_NT2=kept), torch.zeros(2, 2), None)
    assert found == pytest.approx(2 ** (5 / 4), rel=1e-6)


def test_nothing_judged_is_undefined():
    made = likelihoods([[0.5]], CharacterVocabulary("a"), [[-1]])
    for name in ("perplexity", "bits_per_character", "token_accuracy"):
        assert math.isnan(metric(name).measure(*made, None))
    for name in ("bleu", "chrf", "exact_match"):
        nothing = Prediction(label=torch.zeros(0, 1), spell=lambda code: [])
        assert math.isnan(metric(name).measure(nothing, torch.zeros(0, 1), None))
