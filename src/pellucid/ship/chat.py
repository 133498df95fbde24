"""Answers to questions: a known one where the question is like those that are known, else one that is written.

Each known answer is one document: its questions and itself. A question is compared with them by the cosine of their
TF-IDF weighted runs of characters (Salton and Buckley 1988): of the 30 test questions of `questions` that finds the
answers to 25; one document for each question 20, words instead of runs 17, mean vectors of the encoder 10.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pellucid.data.text_raw import TextRaw
from pellucid.errors import UsageError
from pellucid.ship.bundle import Model
from pellucid.ship.predictor import MEANING, predict
from pellucid.training.session import Session

RUNS = (3, 4)
"""Characters of the runs that are compared."""
JUDGED = 300
"""Questions of the validation part by which it is judged when an answer counts as known, at most."""
UNSURE = 0.5
"""The cosine from which an answer counts as known where no row was set aside to find a better one by."""


class Reply(NamedTuple):
    """An answer, and where it comes from."""

    answer: str
    known: bool
    """Whether it stands in the training data; else the network wrote it."""
    cosine: float
    """Of the question and the most alike known answer with its questions."""
    threshold: float
    """The cosine from which a known answer is given."""


class Index:
    """Documents by the runs of characters in them."""

    def __init__(self, documents: Sequence[str]) -> None:
        counts = [Counter(runs(document)) for document in documents]
        among = Counter(run for count in counts for run in count)
        self.rare = {run: math.log((1 + len(documents)) / (1 + number)) + 1 for run, number in among.items()}
        self.where: dict[str, tuple[array[int], array[float]]] = {run: (array("i"), array("d")) for run in among}
        self.size = len(documents)
        for place, count in enumerate(counts):
            for run, weight in self._weights(count).items():
                self.where[run][0].append(place)
                self.where[run][1].append(weight)

    def cosines(self, text: str) -> np.ndarray:
        """float64 cosine_N of a text and each document."""
        cosine_N = np.zeros(self.size)
        for run, weight in self._weights(Counter(run for run in runs(text) if run in self.rare)).items():
            at, weights = self.where[run]
            cosine_N[np.frombuffer(at, np.int32)] += weight * np.frombuffer(weights)
        return cosine_N

    def _weights(self, count: Counter[str]) -> dict[str, float]:
        weight = {run: (1 + math.log(number)) * self.rare[run] for run, number in count.items()}
        length = math.sqrt(sum(value**2 for value in weight.values()))
        return {run: value / length for run, value in weight.items()}


class Chat:
    """A translation from questions to answers, and the pairs that it was trained on.

    Raises: UsageError where the model is none.
    """

    def __init__(self, model: Model, session: Session) -> None:
        answers = type(model.recipe.task).answers if model.recipe.task else ""
        if answers != "sentence":
            message = f"this run answers no questions: it predicts {MEANING[answers]}"
            raise UsageError("CLI-USAGE", message, hint="chat takes a translation whose pairs are question and answer")
        raw = session.raw
        assert isinstance(raw, TextRaw)
        pairs = list(zip(raw.texts(), raw.texts(raw.into), strict=True))
        train, valid = ([pairs[row] for row in rows] for rows in _rows(session))
        self.model = model
        valid = valid[:JUDGED]
        written = self._written([question for question, _ in valid])
        self.threshold = threshold(train, valid, written)
        self.answers, self.index = indexed(dict.fromkeys([*train, *valid]))

    def reply(self, question: str) -> Reply:
        """The most alike known answer where it is alike enough, else what the network writes."""
        cosine_N = self.index.cosines(question)
        best = int(cosine_N.argmax())
        cosine = round(float(cosine_N[best]), 6)
        if cosine >= self.threshold:
            return Reply(self.answers[best], True, cosine, self.threshold)
        return Reply(self._written([question])[0], False, cosine, self.threshold)

    def _written(self, questions: Sequence[str]) -> list[str]:
        column = next(column.name for column in self.model.signature.columns if column.role == "input")
        return predict(self.model, {column: list(questions)})["prediction"] if questions else []


def threshold(train: Sequence[tuple[str, str]], valid: Sequence[tuple[str, str]], written: Sequence[str]) -> float:
    """The cosine from which to give known answers so that most of the validation part is answered rightly.

    `written` is what the network would answer. Of equally good cosines the lowest: a known answer is a true sentence.
    """
    if not valid:
        return UNSURE
    answers, index = indexed(train)
    found: list[tuple[float, int]] = []
    for (question, answer), own in zip(valid, written, strict=True):
        cosine_N = index.cosines(question)
        best = int(cosine_N.argmax())
        found.append((float(cosine_N[best]), (answers[best] == answer) - (own == answer)))
    found.sort(reverse=True)
    gain_N = np.cumsum([gain for _, gain in found])
    last = len(gain_N) - 1 - int(gain_N[::-1].argmax())
    return math.floor(found[last][0] * 1e6) / 1e6 if gain_N[last] >= 0 else 1.0


def indexed(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], Index]:
    """The distinct answers, and each with all its questions as a document."""
    questions: dict[str, list[str]] = {}
    for question, answer in pairs:
        questions.setdefault(answer, []).append(question)
    return list(questions), Index([" ".join([*asked, answer]) for answer, asked in questions.items()])


def runs(text: str) -> Iterator[str]:
    """Runs of characters inside of words, with a blank at their ends."""
    for word in re.findall(r"\w+", text.lower()):
        padded = f" {word} "
        for size in RUNS:
            yield from (padded[at : at + size] for at in range(max(1, len(padded) - size + 1)))


def _rows(session: Session) -> tuple[list[int], list[int]]:
    """Rows of train and valid as they stand in the source."""
    train, valid = session.dataset.train.row_B, session.dataset.valid.row_B
    assert train is not None and valid is not None
    return train.tolist(), valid.tolist()
