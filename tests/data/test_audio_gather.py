from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.audio_files import Found, from_anything, from_folder
from pellucid.data.audio_gather import Wanted, gather
from pellucid.errors import DataError

from .test_audio_decode import hum, write_pcm


def waves(*lengths: int, rate: int = 8000) -> Found:
    return from_anything({"waves": [hum(length, rate) for length in lengths], "rate": rate}, (), True)


def test_sounds_become_series_of_mels():
    raw = gather(waves(800, 1600), Wanted(mels=20))
    assert raw.value_NC.dtype == np.float32 and raw.count_S.tolist() == [8, 18]
    assert len(raw.channels) == 20 and raw.rate == 8000 and raw.seconds == 0.2


def test_the_rate_most_sounds_have_is_planned_and_is_not_too_high(tmp_path: Path):
    for name, rate in (("a/1.wav", 22_050), ("a/2.wav", 11_025), ("b/1.wav", 11_025)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_pcm(tmp_path / name, hum(rate, rate), rate)
    raw = gather(from_folder(tmp_path, True), Wanted())
    assert raw.rate == 11_025 and [finding.check for finding in raw.findings] == ["audio-resampled"]
    assert raw.findings[0].evidence["sounds"] == 1
    assert len(set(raw.count_S.tolist())) == 1, "a second is a second at any rate"
    assert gather(waves(48_000, rate=48_000), Wanted()).rate == 16_000
    assert gather(waves(48_000, rate=48_000), Wanted(rate=4000)).rate == 4000


def test_the_same_tone_at_another_rate_looks_the_same():
    low, high = (gather(waves(rate, rate=rate), Wanted(rate=8000)) for rate in (8000, 44_100))
    loud = slice(5, 90), slice(0, 37)
    assert np.abs(low.value_NC[loud] - high.value_NC[loud]).mean() < 0.5
    assert int(low.value_NC.mean(0).argmax()) == int(high.value_NC.mean(0).argmax())


def test_channels_are_mixed_and_long_sounds_cut_and_counted():
    stereo = np.stack([hum(1600), 0 * hum(1600)], axis=1)
    found = from_anything({"waves": [stereo, hum(8000)], "rate": 8000}, (), True)
    raw = gather(found, Wanted(seconds=0.2))
    assert raw.count_S.tolist() == [18, 18] and raw.seconds == 0.2
    assert {finding.check: finding.evidence["sounds"] for finding in raw.findings} == {"audio-mixed": 1, "audio-cut": 1}
    assert gather(found, Wanted(frames=5)).count_S.tolist() == [5, 5]


def test_twenty_sounds_plan_a_length_that_nearly_all_have():
    raw = gather(waves(*[4000] * 39, 80_000), Wanted())
    assert raw.seconds == 0.5 and raw.count_S.max() == 48


def test_content_is_hashed_whatever_the_spectrogram():
    found = from_anything({"waves": [hum(), hum(), hum(900)], "rate": 8000, "labels": list("aab")}, (), True)
    one, two = gather(found, Wanted(mels=10)), gather(found, Wanted(mels=20))
    assert one.row_S is not None and two.row_S is not None and np.array_equal(one.row_S, two.row_S)
    assert one.row_S[0] == one.row_S[1] != one.row_S[2] and one.fingerprint == two.fingerprint
    turned = from_anything({"waves": [hum(900), hum(), hum()], "rate": 8000, "labels": list("baa")}, (), True)
    assert gather(turned, Wanted()).fingerprint == one.fingerprint
    other = from_anything({"waves": [hum(900), hum(), hum()], "rate": 8000, "labels": list("bab")}, (), True)
    assert gather(other, Wanted()).fingerprint != one.fingerprint


def test_bad_sounds_are_errors_or_left_out_up_to_a_share(tmp_path: Path):
    for number in range(8):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        write_pcm(tmp_path / "ab"[number % 2] / f"{number}.wav", hum(800 + number))
    write_pcm(tmp_path / "a" / "0.wav", 0 * hum())
    (tmp_path / "b" / "1.wav").write_bytes(b"")
    found = from_folder(tmp_path, True)
    with pytest.raises(DataError) as caught:
        gather(found, Wanted())
    assert caught.value.code == "DATA-AUDIO" and "1.wav" in str(caught.value)
    raw = gather(found, Wanted(skip=0.3))
    assert raw.rows == 6 and raw.label is not None and raw.label.height == 6
    left = next(finding for finding in raw.findings if finding.check == "bad-rows")
    assert left.evidence["skipped"] == 2 and "1.wav" in left.message
    with pytest.raises(DataError, match="cannot be used") as caught:
        gather(found, Wanted(skip=0.2))
    assert caught.value.code == "DATA-BAD-ROWS"


def test_workers_change_no_bit(tmp_path: Path):
    one, many = (gather(waves(800, 900, 1000, 1100), Wanted(workers=workers)) for workers in (1, 3))
    assert np.array_equal(one.value_NC, many.value_NC) and one.fingerprint == many.fingerprint


def test_more_mels_than_a_window_can_tell_apart_are_refused():
    with pytest.raises(DataError, match="mels lie between") as caught:
        gather(waves(800), Wanted(mels=200))
    assert caught.value.place.path == "data.mels"
