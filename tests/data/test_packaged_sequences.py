from __future__ import annotations

import lzma
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import packaged
from pellucid.data import packaged_sequences as sequences
from pellucid.data.packages import found
from pellucid.errors import DataError

from .test_frozen_frames import frozen, numbers, texts
from .test_r_data import HEAD, database, packed
from .test_r_data import texts as r_texts
from .test_sword import book, module


def real(name: str) -> pytest.MarkDecorator:
    missing = [package.name for package in packaged.LOADERS[name][1] if found(package) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def reviews_like(folder: Path) -> Path:
    """Both files with a few made-up reviews, one of which stands in both."""
    for file, rows in zip(
        sequences.REVIEWS.files, ([f"text {row}" for row in range(60)], ["text 5", "new"]), strict=True
    ):
        labels = ["great" if row % 2 else "other" for row in range(len(rows))]
        place = folder / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(lzma.compress(frozen([(texts([rows, labels]), (0, 2, 1))], ["review", "score"])))
    return folder


def test_reviews_keep_their_own_split_and_share_no_text(tmp_path: Path):
    table = sequences.reviews(reviews_like(tmp_path))
    parts = Counter(table["split"])
    assert len(table["text"]) == 61 and parts["test"] == 2 and 0 < parts["valid"] < 20
    assert table["text"].count("text 5") == 1 and table["split"][table["text"].index("text 5")] == "test"
    (tmp_path / sequences.REVIEWS.files[1]).write_bytes(b"no frame")
    with pytest.raises(DataError) as caught:
        sequences.reviews(tmp_path)
    assert caught.value.place.file == str(tmp_path / sequences.REVIEWS.files[1])


def test_mails_become_subject_and_body_and_equal_ones_one_row(tmp_path: Path):
    mails = {
        "easy-ham-1/1.txt": "From: a\nSubject: Hello\n  there\nX: y\n\nBody\n",
        "spam-1/2.txt": "SUBJECT: Win\n\nNow \xe9",
        "spam-2/3.txt": "Subject: Win\r\n\r\nNow \xe9\r\n",
        "spam-2/4.txt": "X: y\n\nno subject",
    }
    for name, text in mails.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    table = sequences.spam(tmp_path)
    assert table["text"] == ["Hello there\n\nBody", "Win\n\nNow é", "\n\nno subject"]
    assert table["label"] == ["ham", "spam", "spam"]


def test_novels_are_whole_and_one_is_kept_for_the_end(tmp_path: Path):
    books = {name: packed(HEAD + r_texts(name, "", "end")) for name in sequences.NOVELS}
    table = sequences.austen(database(tmp_path, **books))
    assert table["text"][2] == "northangerabbey\n\nend\n" and table["split"][2] == "test"
    assert Counter(table["split"]) == {"train": 4, "valid": 1, "test": 1}
    (tmp_path / "Rdata.rdx").write_bytes(b"none")
    with pytest.raises(DataError, match="lazy-load"):
        sequences.austen(tmp_path)


def test_verses_are_paired_and_chapters_stay_whole(tmp_path: Path):
    chapters = [[f"{number} {verse}" for verse in range(5)] for number in range(60)]
    english = module(tmp_path / "english", ot=[book("Gen", chapters)], nt=[book("Matt", [["a", "b"]])])
    spanish = module(
        tmp_path / "spanish",
        ot=[book("Gen", [[f"s{verse}" for verse in verses] for verses in chapters])],
        nt=[book("Matt", [["sa", ""]])],
    )
    table = sequences.verses(english, spanish)
    assert len(table["source"]) == 301 and all(
        f"s{a}" == b for a, b in zip(table["source"], table["target"], strict=True)
    )
    chapters_of = {part: set() for part in ("train", "valid", "test")}
    for text, part in zip(table["source"][:300], table["split"][:300], strict=True):
        chapters_of[part].add(text.split()[0])
    assert sum(map(len, chapters_of.values())) == 60 and len(chapters_of["train"]) > 45
    (english / "ot.bzs").write_bytes(b"")
    with pytest.raises(DataError, match="SWORD"):
        sequences.verses(english, spanish)


def test_demand_has_a_time_for_every_half_hour(tmp_path: Path):
    values = np.array([[4.0, 3.5, 3.25], [18.0, 17.5, 17.0]])
    days = np.array([[1, 2, 3], [0, 0, 1]])
    frame = frozen(
        [(numbers(values), (1, 5, 2)), (numbers(days), (0, 4, 2))], ["rownames", "Demand", "WorkDay", "Temperature"]
    )
    file = tmp_path / sequences.ELECDEMAND.files[0]
    file.parent.mkdir(parents=True)
    file.write_bytes(lzma.compress(frame))
    assert sequences.elecdemand(tmp_path) == {
        "time": ["2014-01-01 00:00:00", "2014-01-01 00:30:00", "2014-01-01 01:00:00"],
        "Demand": ["4.0", "3.5", "3.25"],
        "WorkDay": ["0", "0", "1"],
        "Temperature": ["18.0", "17.5", "17.0"],
    }


def test_clips_of_one_stamp_stay_together(tmp_path: Path):
    for stamp in range(40):
        for code in ("es", "fr", "xx"):
            file = tmp_path / "animals" / f"s{stamp}_desc_{code}.ogg"
            file.parent.mkdir(exist_ok=True)
            file.write_text("the same" if code == "fr" and stamp in (3, 4, 5) else f"{stamp} {code}")
    table = sequences.languages(tmp_path)
    assert Counter(table["label"]) == {"Spanish": 40, "French": 40}
    parts = {(stamp, part) for stamp, part in zip(table["stamp"], table["split"], strict=True)}
    assert len(parts) == 38 and {part for _, part in parts} == {"train", "valid", "test"}
    assert Counter(table["stamp"])["animals/s3"] == 6, "a clip in common makes stamps one"


def test_copies_of_a_recording_hold_the_same_packets():
    def page(stream: int, time: int, body: bytes) -> bytes:
        return b"OggS\0\0" + struct.pack("<qIIIBB", time, stream, 0, stream * 7, 1, len(body)) + body

    one, copy = (
        page(stream, 0, b"head%d" % stream) + page(stream, 5, b"ab") + page(stream, 9, b"c") for stream in (1, 2)
    )
    assert one != copy and sequences.packets(one) == sequences.packets(copy) == b"abc"
    assert sequences.packets(b"no pages") == b"no pages" and sequences.packets(b"OggS") == b"OggS"


@real("reviews")
def test_the_real_reviews():
    table = packaged.table("reviews")
    assert Counter(table["split"]) == {"train": 3630, "valid": 363, "test": 1000}
    assert Counter(table["label"]) == {"great": 3255, "other": 1738}


@real("spam")
def test_the_real_spam():
    table = packaged.table("spam")
    assert len(set(table["text"])) == 5940 and Counter(table["label"]) == {"ham": 4111, "spam": 1829}


@real("austen")
def test_the_real_austen():
    table = packaged.table("austen")
    assert len(table["text"]) == 6 and round(sum(map(len, table["text"])) / 1e6, 1) == 4.0
    assert "It is a truth universally acknowledged" in table["text"][4]


@real("verses")
def test_the_real_verses():
    table = packaged.table("verses")
    assert len(table["source"]) == 31_013
    assert table["source"][0] == "In the beginning, God created the heavens and the earth."
    assert table["target"][0] == "EN el principio crió Dios los cielos y la tierra."
    assert not any("<" in text or "  " in text for text in table["source"] + table["target"])


@real("elecdemand")
def test_the_real_demand():
    table = packaged.table("elecdemand")
    assert len(table["time"]) == 17_520 and table["time"][-1] == "2014-12-31 23:30:00"
    workdays = [day for day, time in zip(table["WorkDay"], table["time"], strict=True) if time.endswith("00:00:00")]
    assert 240 < workdays.count("1") < 255


@real("languages")
def test_the_real_languages():
    table = packaged.table("languages")
    assert len(table["path"]) == 7190 and len(set(table["label"])) == 9 and min(Counter(table["label"]).values()) > 300
