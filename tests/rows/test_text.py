"""Text as a person meets it: models that write, tell moods, translate, answer, and know which words are alike."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import pellucid
from pellucid import jobs
from pellucid.data import packaged
from pellucid.data.source import Data
from pellucid.data.toy_texts import SCALES, toy_translation
from pellucid.data.vocabulary import UNKNOWN, vocabulary
from pellucid.errors import RecipeError
from pellucid.forms import PADDING, UNJUDGED_STEP, Tokens
from pellucid.jobs import Run
from pellucid.parts import concrete
from pellucid.report.ngrams import NGrams
from pellucid.seeds import Draw

Train = Callable[..., Run]
Tell = Callable[..., Any]

ADAM = {"kind": "adam", "learning_rate": 0.01}


def counted(run: Run) -> dict[int, float]:
    """Bits per character of the test part by models that count runs of 1, 2 and 3 tokens in the training part."""
    assert run.folder is not None
    session = jobs.finished(run.folder)
    known = vocabulary(session.signature, "input")
    train, test = session.dataset.train.sample(), session.dataset.test
    streams = []
    for part in (train, test):
        assert isinstance(part.input, Tokens) and part.target is not None
        gap_N1 = torch.full((len(part), 1), -1)
        streams.append(torch.cat([gap_N1, part.input.code_BT[:, :1], part.target], 1))
    train_NS, test_NS = streams
    found = NGrams(train_NS.flatten(), known.size, 3).follow(test_NS.flatten())
    target_NT = test_NS[:, 2:]
    judged_NT = target_NT != UNJUDGED_STEP
    characters = int(torch.tensor(known.characters)[target_NT[judged_NT]].sum())
    return {
        order: -float(probability_P.view_as(test_NS)[:, 2:][judged_NT].log2().sum()) / characters
        for order, (probability_P, _) in enumerate(found, 1)
    }


def story(count: int) -> str:
    """Sentences of a small grammar, in which verbs agree with what stands several words before."""
    return "".join(f"{sentence}.\n" for sentence, _ in toy_translation(count))


@pytest.mark.row("H8")
def test_a_character_model_knows_more_than_pairs_of_characters_and_writes(tmp_path: Path, train: Train, tell: Tell):
    path = tmp_path / "story.txt"
    path.write_text(story(700))
    model = {"kind": "gru", "width": 64}
    run = train(str(path), model=model, method={"epochs": 6, "batch": 16}, optimizer=ADAM)
    bits, base = run.metrics["test"]["bits_per_character"], counted(run)
    print(bits, base)
    assert run.metrics["test"]["perplexity"] == pytest.approx(2**bits, rel=1e-6), "a token is a character"
    assert bits < 0.75 * base[2]

    def written(*more: object) -> str:
        return tell("generate", run.folder, "--prompt", "the cat", "--length", 60, *more)["texts"][0]["text"]

    likeliest = written("--temperature", 0)
    assert set(likeliest + written()) <= set(story(700)) and len(likeliest) == 60
    assert likeliest == written("--temperature", 0, "--seed", 9) == written("--top-k", 1, "--seed", 3)
    assert written("--seed", 1) == written("--seed", 1) != written("--seed", 2)
    words = set(re.findall(r"\w+", story(700)))
    spelt = likeliest.split()[1:-1]
    assert sum(word.strip(".") in words for word in spelt) >= 0.8 * len(spelt), likeliest


@pytest.mark.slow
@pytest.mark.row("H8")
def test_a_character_model_of_a_novel_it_never_saw(train: Train, installed: Callable[[str], str]):
    learning = {"method": {"epochs": 1, "batch": 64}, "optimizer": {"kind": "adamw", "learning_rate": 0.004}}
    run = train(installed("austen"), model={"kind": "gru", "width": 128}, **learning)
    bits, base = run.metrics["test"]["bits_per_character"], counted(run)
    print(bits, base)
    assert bits < 0.75 * base[2] and bits < base[3]


GOOD = "good great lovely fine superb".split()
BAD = "bad awful poor dull sad".split()
THINGS = "soup film room book song trip".split()


def moods(count: int) -> dict[str, list[str]]:
    """What somebody else said and what the writer found, either perhaps denied: words alone do not tell which."""
    random = np.random.default_rng(0)
    rows: dict[str, list[str]] = {"text": [], "mood": []}
    for _ in range(count):
        thing, one, other = (str(random.choice(words)) for words in (THINGS, GOOD + BAD, GOOD + BAD))
        theirs, mine = random.integers(0, 2, 2).tolist()
        rows["text"].append(f"they call the {thing} {'not ' * theirs}{one} but i found it {'not ' * mine}{other}")
        rows["mood"].append("happy" if (other in GOOD) != bool(mine) else "angry")
    return rows


@pytest.mark.row("H9")
def test_a_mood_is_told_where_the_order_of_words_decides(train: Train):
    rows, learning = moods(1000), {"method": {"epochs": 6, "batch": 32}, "optimizer": ADAM}
    data = {"kind": "text", "target": "mood"}
    run = train(data, rows, model={"kind": "gru", "width": 32, "bidirectional": True}, **learning)
    bag = train(data, rows, model={"kind": "mlp", "widths": [32]}, **learning)
    print(run.metrics["test"]["accuracy"], bag.metrics["test"]["accuracy"])
    assert run.metrics["test"]["accuracy"] >= 0.8 and bag.metrics["test"]["accuracy"] < 0.75
    told = run.predict(
        ["they call the soup bad but i found it not bad", "they call the soup not bad but i found it bad"]
    )
    assert told["prediction"] == ["happy", "angry"]


@pytest.mark.row("F6")
def test_texts_are_recognised_and_can_be_overruled(tmp_path: Path, tell: Tell):
    rows, table, running = moods(60), tmp_path / "moods.csv", tmp_path / "story.txt"
    lines = [f"{text},{len(text)},{mood}" for text, mood in zip(rows["text"], rows["mood"], strict=True)]
    table.write_text("\n".join(["said,letters,mood", *lines]))
    alone = tmp_path / "said.csv"
    alone.write_text("\n".join(["said,mood", *(f"{text},{mood}" for text, mood in zip(*rows.values(), strict=True))]))
    told = tell("inspect", alone, "-t", "mood")
    assert told["kind"] == "text" and told["target"]["classes"] == ["angry", "happy"] and told["target"]["why"]
    (said,) = [column for column in told["columns"] if column["role"] == "input"]
    assert (said["name"], said["type"]) == ("said", "text") and said["why"] and 0.9 < said["confidence"] <= 1

    running.write_text(story(100))
    told = tell("inspect", running)
    assert told["kind"] == "text" and told["target"]["kind"] == "next" and told["target"]["why"]

    told = tell("inspect", table, "-t", "mood")
    dropped = {column["name"]: column for column in told["columns"] if column["role"] == "dropped"}
    assert told["kind"] == "table" and dropped.keys() == {"said"} and "data: {kind: text}" in dropped["said"]["why"]
    forced = concrete(Data, {"kind": "text", "path": str(table), "target": "mood"})
    signature = forced.inspect(forced.read())
    assert signature.kind == "text"
    (said,) = [column for column in signature.columns if column.role == "input"]
    assert said.name == "said" and said.why and 0.9 < said.confidence <= 1
    other = concrete(Data, {"kind": "table", "path": str(alone), "target": "mood", "columns": {"said": "category"}})
    assert other.inspect(other.read()).kind == "table"
    named = concrete(Data, {"path": str(table), "target": "mood", "text": "letters"})
    (letters,) = [column for column in named.inspect(named.read()).columns if column.role == "input"]
    assert letters.name == "letters"


@pytest.mark.row("D11")
def test_texts_with_hidden_words_are_learnt_from_can_be_previewed_and_are_refused_elsewhere(train: Train):
    rows, hide = moods(1000), {"kind": "token_dropout", "share": 0.1}
    data = {"kind": "text", "target": "mood", "augment": [hide]}
    learning = {"method": {"epochs": 6, "batch": 32}, "optimizer": ADAM}
    run = train(data, rows, model={"kind": "gru", "width": 32, "bidirectional": True}, **learning)
    print(run.metrics["test"]["accuracy"])
    assert run.metrics["test"]["accuracy"] >= 0.8

    raw = run.recipe.data.read_rows(rows)
    assert run.recipe.data.split is not None
    dataset = run.recipe.data.load(raw, run.recipe.data.inspect(raw), run.recipe.data.split, 0).dataset
    batch, previews = dataset.train.sample().part(0, 64).ready(), []
    assert isinstance(batch.input, Tokens)
    for position in (0, 1, 0):
        changed = dataset.augment[0].apply(batch, Draw(0, "augment").at(0, position), None)
        assert isinstance(changed.input, Tokens) and changed.target is batch.target
        previews.append(changed.input.code_BT)
    assert torch.equal(previews[0], previews[2]) and not torch.equal(previews[0], previews[1])
    there_BT = batch.input.code_BT != PADDING
    hidden_BT = previews[0] != batch.input.code_BT
    assert (previews[0][hidden_BT] == UNKNOWN).all() and not bool((hidden_BT & ~there_BT).any())
    assert 0.05 < float(hidden_BT[there_BT].float().mean()) < 0.15
    for other, why in (("airline", "does not go with future"), ("iris", "this data is a vector")):
        with pytest.raises(RecipeError, match=f"token_dropout .*{why}") as fault:
            train({"path": other, "augment": [hide]}, model="mlp")
        assert fault.value.place.path == "data.augment"


@pytest.mark.row("H6")
def test_words_beyond_the_length_are_not_read_which_is_counted_and_costs_what_they_would_have_told(
    train: Train, tell: Tell
):
    rows, learning = moods(1000), {"method": {"epochs": 6, "batch": 32}, "optimizer": ADAM}
    data = {"kind": "text", "target": "mood", "length": 9}
    run = train(data, rows, model={"kind": "gru", "width": 32}, **learning)
    (cut,) = [finding for finding in run.findings if finding.check == "text-cut"]
    print(run.metrics["test"]["accuracy"], cut.message)
    assert run.metrics["test"]["accuracy"] < 0.65, "what the writer found stands behind the ninth word"
    words = [len(text.split()) for text in rows["text"]]
    lost = sum(max(count - 9, 0) for count in words)
    assert (cut.severity, cut.evidence["texts"], cut.evidence["longest"]) == ("warning", 1000, max(words))
    assert cut.evidence["tokens lost"] == pytest.approx(lost / sum(words))


def tuned_tfidf(table: dict[str, list[str]]) -> np.ndarray:
    """right_N of the test rows, by logistic regression on TF-IDF whose settings the validation part chose."""
    text_N, label_N, part_N = (np.array(table[name], object) for name in ("text", "label", "split"))
    best = (0.0, np.zeros(0, bool))
    for longest in (1, 2):
        words = TfidfVectorizer(ngram_range=(1, longest), sublinear_tf=True).fit(text_N[part_N == "train"])
        train, valid, test = (words.transform(text_N[part_N == part]) for part in ("train", "valid", "test"))
        for strength in (0.3, 1, 3, 10, 30):
            model = LogisticRegression(C=strength, max_iter=1000).fit(train, label_N[part_N == "train"])
            score = float(model.score(valid, label_N[part_N == "valid"]))
            if score > best[0]:
                best = (score, model.predict(test) == label_N[part_N == "test"])
    return best[1]


@pytest.mark.slow
@pytest.mark.row("H9")
def test_real_reviews_are_told_as_well_as_by_a_tuned_linear_model(train: Train, installed: Callable[[str], str]):
    table = packaged.table(installed("reviews"))
    data = {"path": "reviews", "augment": [{"kind": "token_dropout", "share": 0.2}]}
    run = train(data, model={"kind": "mlp", "widths": []}, method={"epochs": 20})
    test = [row for row, part in enumerate(table["split"]) if part == "test"]
    told = run.predict([table["text"][row] for row in test])["prediction"]
    own_N = np.array([said == table["label"][row] for said, row in zip(told, test, strict=True)])
    other_N = tuned_tfidf(table)
    difference_N = own_N.astype(float) - other_N
    half = 1.96 * difference_N.std() / math.sqrt(len(test))
    print(f"network {own_N.mean():.4f}, TF-IDF {other_N.mean():.4f}, {difference_N.mean():+.4f} +- {half:.4f}")
    assert own_N.mean() >= 0.78 and difference_N.mean() + half >= 0


def reversed_pairs(count: int) -> dict[str, list[str]]:
    """Words, and the same in capitals from the last to the first."""
    random, words = np.random.default_rng(0), "ant bee cat dog elk fox".split()
    sources = [random.choice(words, random.integers(2, 5)).tolist() for _ in range(count)]
    return {"source": [" ".join(row) for row in sources], "target": [" ".join(row[::-1]).upper() for row in sources]}


@pytest.mark.row("H10")
def test_sentences_are_written_backwards_by_beam_search(train: Train):
    data = {"kind": "text", "into": "target"}
    learning = {"method": {"epochs": 8, "batch": 32}, "optimizer": ADAM}
    run = train(data, reversed_pairs(1500), model={"kind": "gru", "width": 48}, **learning)
    assert run.recipe.task is not None and run.recipe.task.dump()["beam"] == 4
    print(run.metrics["test"])
    assert run.metrics["test"]["exact_match"] >= 0.9 and run.metrics["test"]["bleu"] > 90
    assert run.predict(["fox dog bee", "cat cat"])["prediction"] == ["BEE DOG FOX", "CAT CAT"]


@pytest.mark.row("H10")
def test_a_made_up_language_is_translated_with_its_grammar(train: Train):
    run = train(
        "toy_translation", model={"kind": "gru", "width": 64}, method={"epochs": 5, "batch": 32}, optimizer=ADAM
    )
    print(run.metrics["test"])
    assert run.metrics["test"]["exact_match"] >= 0.9


@pytest.mark.row("H13")
def test_melodies_are_likelier_than_by_counting_and_new_ones_are_made_of_notes(train: Train):
    run = train("melodies", model={"kind": "gru", "width": 64}, method={"epochs": 2}, optimizer=ADAM)
    bits, base = run.metrics["test"]["bits_per_character"], counted(run)
    print(bits, base)
    assert bits < base[2] < base[1]
    known = {note.split(":")[0] for scale in SCALES.values() for note in scale.split()}
    for seed in range(4):
        tune = "C4:1" + "".join(jobs.generate(run, "C4:1", length=200, seed=seed, temperature=0.7))
        notes = [word for word in tune.split()[:-1] if word != "|"]  # the last one may be cut
        assert len(notes) > 20 and all(re.fullmatch(r"[A-G][#b]?\d:[1-4]", note) for note in notes), tune
        assert {note.split(":")[0] for note in notes} <= known, tune


@pytest.mark.row("H15")
def test_a_question_asked_in_other_words_gets_the_known_answer_and_another_one_a_written_one(train: Train, tell: Tell):
    run = train("questions", model={"kind": "gru", "width": 32}, method={"epochs": 10, "batch": 16}, optimizer=ADAM)
    assert run.folder is not None
    rows = pellucid.Text(path="questions").read().table.frame.select("source", "target", "split").rows()
    asked = [(question, answer) for question, answer, part in rows if part == "test"]
    talk = jobs.chat(run.folder)
    right = [talk.reply(question).answer == answer for question, answer in asked]
    print(f"{sum(right)} of {len(right)}")
    assert sum(right) >= 0.7 * len(right)
    known = {answer for _, answer, _ in rows}
    told = tell("chat", run.folder, "--ask", "What use is dropout?")
    assert told["known"] and told["answer"] in known and "dropout" in told["answer"].lower()
    other = tell("chat", run.folder, "--ask", "Qwkx zzv?")
    assert not other["known"] and other["cosine"] < other["threshold"]
    spelt = vocabulary(run.model.signature, "target").pieces
    assert other["answer"] and all(word in spelt for word in re.findall(r"\w+", other["answer"]))


SEX = {"man": "he", "king": "he", "boy": "he", "woman": "she", "queen": "she", "girl": "she"}
RANK = {"man": "grown", "woman": "grown", "king": "royal", "queen": "royal", "boy": "young", "girl": "young"}
AROUND = {
    "he": "beard father brother his he", "she": "dress mother sister her she", "grown": "works pays votes house",
    "royal": "crown throne rules palace", "young": "plays school toy learns",
}  # fmt: skip
FOOD, EATEN = "bread cheese soup apple".split(), "eats tasty plate kitchen hungry".split()


def hints(count: int) -> str:
    """Sentences that put people among words of their sex and their rank, and food among words of eating."""
    random = np.random.default_rng(0)
    lines = []
    for _ in range(count):
        if random.random() < 0.3:
            words = [random.choice(FOOD), *random.choice(EATEN, 4)]
        else:
            who = str(random.choice(list(SEX)))
            words = [who, *random.choice(AROUND[SEX[who]].split(), 2), *random.choice(AROUND[RANK[who]].split(), 2)]
        random.shuffle(words)
        lines.append(" ".join(words))
    return ". ".join(lines) + "."


@pytest.mark.row("H17")
def test_words_among_the_same_words_are_near_and_an_analogy_is_a_sum(tmp_path: Path, train: Train, tell: Tell):
    path = tmp_path / "hints.txt"
    path.write_text(hints(1500))
    data = {"path": str(path), "tokenizer": "word", "window": 16}
    run = train(
        data, task="embedding", method={"epochs": 8, "batch": 32}, optimizer={"kind": "adam", "learning_rate": 0.02}
    )
    near = tell("explain", run.folder, "--word", "bread", "--near", 3)["words"]
    assert {one["word"] for one in near} == {"cheese", "soup", "apple"}
    assert all(0.5 < one["cosine"] <= 1 for one in near)
    for words, answer in (("man king woman", "queen"), ("boy girl king", "queen"), ("girl boy queen", "king")):
        assert tell("explain", run.folder, "--analogy", words)["words"][0]["word"] == answer
