"""Bags of words against scikit-learn's."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pellucid.report.linear import logistic, ridge
from pellucid.report.tfidf import TfIdf

WORDS = "the a good bad tea was it is very not a_b café x I never always taste cup sweet bitter".split()


def texts(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(1, 15))).capitalize() + "!" for _ in range(count)]


def test_it_equals_scikit_learn():
    known, asked = texts(60, 0), [*texts(20, 1), "", "unheard of", "unheard Good unheard tea"]
    theirs = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, dtype=np.float64).fit(known)
    ours = TfIdf(known)
    name = {number: word for word, number in ours.word.items()}
    size = len(ours.word)
    named = [name[k] if k < size else f"{name[(k - size) // size]} {name[(k - size) % size]}" for k in ours.gram_D]
    expected = theirs.transform(asked).toarray()[:, [theirs.vocabulary_[gram] for gram in named]]
    assert sorted(named) == sorted(theirs.vocabulary_)
    np.testing.assert_allclose(ours(asked).to_dense().numpy(), expected, atol=1e-12)


def test_logistic_regression_on_it_equals_scikit_learn():
    known, asked = texts(200, 2), texts(50, 3)
    label = np.array([("good" in text.lower()) + 2 * ("bad" in text.lower()) for text in known])
    vectors = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    theirs = LogisticRegression(C=10, tol=1e-10, max_iter=10_000).fit(vectors.fit_transform(known), label)
    ours = TfIdf(known)
    one_hot = torch.nn.functional.one_hot(torch.tensor(label))
    model = logistic(ours(known), one_hot, 0.1, link="softmax", steps=1000)
    given = torch.softmax(model(ours(asked)), 1)
    np.testing.assert_allclose(given, theirs.predict_proba(vectors.transform(asked)), atol=1e-3)


def test_least_squares_on_sparse_inputs_equals_ridge():
    x = TfIdf(texts(80, 4))(texts(80, 4))
    y = x.to_dense()[:, :2] @ torch.tensor([[1.0], [-2.0]], dtype=torch.float64) + 3
    ours, closed = logistic(x, y, 0.5, link="identity", steps=500), ridge(x.to_dense(), y, 0.5)
    torch.testing.assert_close(ours(x), closed(x.to_dense()), atol=1e-4, rtol=0)


def test_nothing_known_is_nothing():
    assert TfIdf(["a", ""])(["b"]).shape == (1, 0)
