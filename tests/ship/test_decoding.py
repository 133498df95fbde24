from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pellucid.jobs import Run, load
from pellucid.ship import decoding
from pellucid.training import evaluate


def test_sequences_in_pieces_are_what_they_are_as_a_whole(
    labelling: Run, sequences: Path, monkeypatch: pytest.MonkeyPatch
):
    assert labelling.folder is not None
    model = load(labelling.folder).model
    raw = model.recipe.data.read_new(sequences / "tagged.conll", model.signature)
    whole = decoding.decoded(model, raw)
    monkeypatch.setattr(evaluate, "CHUNK_NUMBERS", 70)
    assert len(list(decoding.batches(model, raw))) == 18
    pieces = decoding.decoded(model, raw)
    assert whole.label is not None and pieces.label is not None and torch.equal(whole.label, pieces.label)
    assert pieces.names == whole.names == ("N", "O")


def test_one_answer_a_row_needs_no_pieces(translation: Run, forecasting: Run):
    model = forecasting.model
    series = model.recipe.data.read_new(model.signature.source, model.signature)
    [batch] = list(decoding.batches(model, series))
    assert len(batch) == 2
    value_NHD = decoding.predicted(model, batch).value
    assert value_NHD is not None and value_NHD.shape == (2, 7, 1)
