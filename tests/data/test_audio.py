from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.audio import Audio
from pellucid.data.audio_raw import AudioRaw
from pellucid.data.signature import Signature, from_json
from pellucid.data.source import Loaded, SkipBadRows
from pellucid.data.splitting import ByFiles, ByGroup, choose_split
from pellucid.errors import DataError, SchemaError
from pellucid.forms import Steps

from .test_audio_decode import hum, write_pcm


def clips(count: int = 24, rate: int = 8000) -> dict[str, Any]:
    """High and low tones in turn."""
    pitches = [300 + 7 * number if number % 2 else 1500 + 7 * number for number in range(count)]
    time = np.arange(rate // 5) / rate
    waves = [0.4 * np.sin(2 * np.pi * pitch * time[: 800 + 30 * number]) for number, pitch in enumerate(pitches)]
    return {"waves": waves, "rate": rate, "labels": ["low" if number % 2 else "high" for number in range(count)]}


def loaded(data: Audio, raw: AudioRaw, seed: int = 0) -> tuple[Signature, Loaded]:
    signature = data.inspect(raw)
    return signature, data.load(raw, signature, data.split or choose_split(signature)[0], seed)


def test_sounds_become_standardised_steps():
    data = Audio(mels=20)
    signature, made = loaded(data, data.read_rows(clips()))
    assert signature.kind == "audio" and signature.rate == 8000 and signature.rows == 24
    assert signature.target is not None and signature.target.classes == ("high", "low")
    signal = made.dataset.train.input
    assert isinstance(signal, Steps) and signal.x_BTD.shape[2] == 20
    heard = signal.x_BTD[signal.mask_BT]
    assert torch.allclose(heard.mean(0), torch.zeros(20), atol=1e-4) and torch.allclose(
        heard.std(0), torch.ones(20), atol=0.01
    )
    assert not signal.x_BTD[~signal.mask_BT].any()
    assert made.dataset.form.kind == "sequence" and made.dataset.form.extent == (signature.length,)
    assert sum(made.share.values()) == 24 and made.chosen.keys() == {"rate", "seconds"}


def test_what_is_saved_prepares_new_sounds_alike():
    data = Audio()
    raw = data.read_rows(clips())
    signature, made = loaded(data, raw)
    signature = from_json(made.signature.as_json())
    preparation = data.restore(made.preparation.arrays(), signature)
    again = preparation.apply(data.read_new(clips(), signature, labelled=True), signature)
    whole = made.preparation.apply(raw, signature)
    assert torch.equal(again.input.x_BTD, whole.input.x_BTD) and torch.equal(again.target, whole.target)
    short = preparation.apply(data.read_new({"waves": [hum(900)], "rate": 8000}, signature), signature)
    assert len(short) == 1 and short.target is None


def test_equally_long_sounds_still_take_shorter_ones():
    data = Audio()
    rows = {**clips(), "waves": [hum(1600) + 0.001 * number * hum(1600) ** 2 for number in range(24)]}
    signature, made = loaded(data, data.read_rows(rows))
    assert not made.dataset.form.even
    new = data.read_new({"waves": [hum(800), hum(5000)], "rate": 8000}, signature)
    batch = made.preparation.apply(new, signature)
    assert batch.input.mask_BT.sum(1).tolist() == [8, signature.length]
    assert "audio-cut" in [finding.check for finding in new.findings]


def test_new_sounds_of_another_rate_are_brought_to_the_known_one():
    data = Audio()
    signature, made = loaded(data, data.read_rows(clips()))
    high = clips(rate=16_000)
    for same in (
        data.read_new(high, signature),
        data.read_new({**high, "waves": high["waves"][:2], "labels": ["a", "b"]}, signature),
    ):
        assert same.rate == 8000 and [finding.check for finding in same.findings][:1] == ["audio-resampled"]
    first = made.preparation.apply(data.read_new(clips(), signature), signature).input.x_BTD[0]
    other = made.preparation.apply(same, signature).input.x_BTD[0]
    count = min(len(first), len(other), 8)
    assert (first[:count] - other[:count]).abs().mean() < 0.5


def test_folders_tables_and_values(tmp_path: Path):
    rows = clips(12)
    lines = ["path,who,pitch"]
    for number, wave_T in enumerate(rows["waves"]):
        file = tmp_path / rows["labels"][number] / f"{number}.wav"
        file.parent.mkdir(exist_ok=True)
        write_pcm(file, wave_T)
        lines.append(f"{rows['labels'][number]}/{number}.wav,person {number // 2},{number}.5")
    data = Audio(path=str(tmp_path))
    raw = data.read()
    signature, made = loaded(data, raw)
    assert signature.target is not None and signature.target.names == ("folder",)
    assert raw.names_of_rows(signature)["file"][0] == "high/0.wav"
    assert data.read_new(str(tmp_path / "high" / "0.wav"), signature).rows == 1
    assert data.read_new(str(tmp_path), signature, labelled=True).label is not None
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    data = Audio(path=str(tmp_path / "list.csv"), target="pitch", split=ByGroup(column="who"))
    raw = data.read()
    signature, made = loaded(data, raw)
    assert signature.target is not None and signature.target.kind == "values" and made.dataset.scale is not None
    people = [
        set(made.dataset.part(part).row_B.div(2, rounding_mode="floor").tolist()) for part in ("train", "valid", "test")
    ]
    assert not people[0] & people[1] and not people[0] & people[2] and not people[1] & people[2]


def test_ready_made_parts_are_the_split():
    data = Audio()
    rows = {**clips(), "split": [0] * 16 + [1] * 4 + [2] * 4}
    _, made = loaded(data, data.read_rows(rows))
    assert made.share == {"train": 16, "valid": 4, "test": 4}
    assert made.dataset.test.row_B.tolist() == [20, 21, 22, 23]


def test_what_cannot_be_used_is_told():
    with pytest.raises(DataError, match="no path"):
        Audio().read()
    data = Audio()
    raw = data.read_rows({"waves": clips()["waves"], "rate": 8000})
    with pytest.raises(DataError, match="no labels"):
        data.load(raw, data.inspect(raw), ByFiles(), 0)
    raw = data.read_rows(clips())
    with pytest.raises(DataError, match="by files"):
        data.load(raw, data.inspect(raw), ByFiles(valid="a"), 0)
    signature, _ = loaded(data, raw)
    with pytest.raises(SchemaError, match="silent"):
        data.read_new({"waves": [0 * hum()], "rate": 8000}, signature)
    with pytest.raises(SchemaError, match="no labels"):
        data.read_new({"waves": [hum()], "rate": 8000}, signature, labelled=True)
    with pytest.raises(SchemaError, match="is not one of"):
        data.read_new({"waves": [hum()], "rate": 8000, "labels": ["middle"]}, signature, labelled=True)


def test_bad_sounds_may_be_left_out():
    rows = clips()
    rows["waves"][3] = 0 * rows["waves"][3]
    with pytest.raises(DataError, match="silent"):
        Audio().read_rows(rows)
    signature, made = loaded(Audio(), Audio(on_bad_row=SkipBadRows(skip=0.1)).read_rows(rows))
    assert sum(made.share.values()) == 23 and signature.findings[-1].check == "bad-rows"


def test_what_is_told_of_sounds():
    data = Audio(target="label")
    seconds = data.told(data.read_rows(clips()))["seconds"]
    assert 0 < seconds["shortest"] <= seconds["median"] <= seconds["longest"]
