from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pellucid.data.vocabulary import BEGIN, vocabulary
from pellucid.forms import Tokens
from pellucid.jobs import Run


def test_likelihoods_are_those_of_the_network(language: Run):
    known = vocabulary(language.model.signature, "input")
    text = "the red cat"
    code_1T = torch.tensor([[BEGIN, *known.encode(text)]])
    with torch.no_grad():
        log_TC = language.model.network.eval()(Tokens(code_1T[:, :-1]))[0].double().log_softmax(1)
    lost = -float(log_TC[torch.arange(len(text)), code_1T[0, 1:]].sum())
    row = language.predict([text]).rows()[0]
    assert row["tokens"] == len(text)
    assert row["perplexity"] == pytest.approx(math.exp(lost / len(text)), rel=1e-4)
    assert row["bits_per_character"] == pytest.approx(lost / len(text) / math.log(2), rel=1e-4)


def test_each_text_is_read_by_itself(language: Run, tmp_path: Path):
    texts = ["the red cat sees a dog", "", "dog cat " * 40, "xylophone"]
    together = language.predict(texts)
    assert list(together.columns) == ["perplexity", "bits_per_character", "tokens"]
    for text, row in zip(texts, together.rows(), strict=True):
        assert language.predict([text]).rows()[0] == pytest.approx(row, nan_ok=True)
    assert together["perplexity"][1] is None and together["tokens"][1] == 0
    assert together["perplexity"][0] < together["perplexity"][3]
    folder = tmp_path / "new"
    folder.mkdir()
    for place, text in enumerate(texts[::3]):
        (folder / f"{place}.txt").write_text(text)
    named = language.predict(folder)
    assert named["file"] == [str(folder / "0.txt"), str(folder / "1.txt")]
    assert named["perplexity"] == pytest.approx(together["perplexity"][::3])


def test_sentences_are_written(translation: Run, sequences: Path):
    asked = {"source": ["the cat sees a dog", "a red cat hears the", "the old dog sees a"]}
    made = translation.predict(asked)
    assert list(made.columns) == ["prediction"] and len(made) == 3
    assert [len(text.split()) for text in made["prediction"]] == [5, 5, 5]
    assert made["prediction"][0].split()[0] == "le"
    many = translation.predict({"source": asked["source"] * 40})
    assert many["prediction"] == made["prediction"] * 40


def test_texts_stand_where_the_mean_of_their_words_does(trained: Callable[..., Run], sequences: Path):
    settings = {"task": "embedding", "data.tokenizer": "word", "model": {"kind": "mlp", "widths": []}}
    run = trained(sequences / "text.txt", {**settings, "method.epochs": 1})
    made = run.predict(["cat", "dog", "cat dog", "zebra"]).to_polars().to_numpy()
    weights = run.model.network.named_parameters()
    weight_VD = next(value for name, value in weights if name.endswith("embedding.weight")).detach().numpy()
    code = vocabulary(run.model.signature, "input").encode("cat")[0]
    assert made[0] == pytest.approx(weight_VD[code])
    assert made[2] == pytest.approx((made[0] + made[1]) / 2) and not made[3].any()
