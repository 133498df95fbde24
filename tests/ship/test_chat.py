from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from pellucid import jobs
from pellucid.errors import SchemaError, UsageError
from pellucid.jobs import Run
from pellucid.ship.chat import UNSURE, Index, runs, threshold

FACTS = {
    "It is blue because air scatters blue light most.": ("Why is the sky blue?", "What makes the sky blue?"),
    "About eight minutes pass until it is here.": ("How long does sunlight travel?", "When does sunlight arrive here?"),
    "They sleep through the winter in a den.": ("What do bears do in winter?", "Where are bears in the winter?"),
    "Bread rises because yeast makes gas.": ("Why does bread rise?", "What makes bread rise?"),
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("facts") / "facts.csv"
    rows = [f'"{asked}","{answer}",train' for answer, questions in FACTS.items() for asked in questions]
    rows += ['"Why is the sky so blue?","It is blue because air scatters blue light most.",valid']
    rows += ['"Why do bears sleep?","They sleep through the winter in a den.",valid']
    rows += ['"What makes bread rise so high?","Bread rises because yeast makes gas.",test']
    path.write_text("source,target,split\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def talk(trained: Callable[..., Run], facts: Path) -> Run:
    settings = {"data.target": "target", "data.split": {"kind": "by_column", "column": "split"}}
    return trained(facts, {**settings, "model": {"kind": "gru", "width": 4}, "method.epochs": 1})


def test_cosines_are_those_of_scikit_learn():
    documents = [" ".join([*asked, answer]) for answer, asked in FACTS.items()]
    other = TfidfVectorizer(analyzer=lambda text: list(runs(text)), sublinear_tf=True)
    found = other.fit_transform(documents)
    index = Index(documents)
    for question in ("Why is the sky blue?", "do bears read", "what"):
        wanted_N = (other.transform([question]) @ found.T).toarray()[0]
        assert index.cosines(question) == pytest.approx(wanted_N, abs=1e-12)
    assert not index.cosines("qqq").any() and not index.cosines("").any()


def test_runs_are_of_words():
    assert list(runs("Is it?")) == [" is", "is ", " is ", " it", "it ", " it "]
    assert list(runs("a")) == [" a ", " a "]


def test_the_threshold_answers_most_rightly():
    train = [(asked, answer) for answer, questions in FACTS.items() for asked in questions]
    right = [(f"{asked} now", answer) for asked, answer in train]
    nothing = [("How tall is the mountain?", "It is 3,000 metres high.")]
    wrong = [""] * len(right)
    found = threshold(train, [*right, *nothing], [*wrong, nothing[0][1]])
    index = Index([" ".join([*asked, answer]) for answer, asked in FACTS.items()])
    assert all(index.cosines(asked).max() >= found for asked, _ in right)
    assert index.cosines(nothing[0][0]).max() < found
    assert threshold(train, [], []) == UNSURE
    assert threshold(train, nothing, [nothing[0][1]]) == 1.0


def test_known_answers_and_written_ones(talk: Run):
    assert talk.folder is not None
    chat = jobs.chat(talk.folder)
    known = chat.reply("why is the SKY blue")
    assert known.known and known.answer.startswith("It is blue") and known.cosine >= known.threshold
    assert chat.reply("What makes bread rise so high?").answer == "Bread rises because yeast makes gas."
    unlike = chat.reply("zzz qqq")
    assert not unlike.known and unlike.cosine == 0 < unlike.threshold
    assert unlike.answer == talk.predict({"source": ["zzz qqq"]})["prediction"][0]


def test_other_runs_are_refused(language: Run, forecasting: Run):
    for run in (language, forecasting):
        assert run.folder is not None
        with pytest.raises(UsageError, match="answers no questions"):
            jobs.chat(run.folder)


def test_pairs_that_changed_are_refused(talk: Run, facts: Path):
    assert talk.folder is not None
    before = facts.read_text()
    facts.write_text(before.replace("yeast", "baking powder"))
    try:
        with pytest.raises(SchemaError, match="data changed"):
            jobs.chat(talk.folder)
    finally:
        facts.write_text(before)


def test_the_set_of_questions_is_found_by_likeness():
    """Without a network: what the index alone finds."""
    from pellucid.data.text import Text

    raw = Text(path="questions").read()
    pairs, part = list(zip(raw.texts(), raw.texts(raw.into), strict=True)), raw.table.frame["split"].to_list()
    train, test = ([pair for pair, own in zip(pairs, part, strict=True) if own == one] for one in ("train", "test"))
    answers = list(dict.fromkeys(answer for _, answer in train))
    index = Index([" ".join([*(asked for asked, other in train if other == answer), answer]) for answer in answers])
    right = [answers[int(index.cosines(asked).argmax())] == answer for asked, answer in test]
    assert np.mean(right) >= 0.75
