"""Recipes with one known fault each: exit status 2, one line with file, line and column, within a second."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pellucid.documents import read_file, read_yaml
from pellucid.errors import RecipeError
from pellucid.parts import read
from pellucid.recipe import Recipe

GOOD = """\
data:
  path: churn.csv
  target: churn
task: classification
model:
  kind: mlp
  widths: [128, 64]
  activation: relu
method:
  kind: supervised
  epochs: 30
  batch: 32
optimizer:
  kind: adamw
  learning_rate: 1e-3
  schedule:
    kind: cosine
penalties:
  - kind: l2
    alpha: 1e-4
stop:
  patience: 5
device: cpu
seed: 7
"""

BOMB = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10)
)

# (what is wrong, the text that is replaced, what it becomes, code, line, column, words)
CHANGED = [
    ("unknown key", "seed: 7", "sede: 7", "RECIPE-KEY", 24, 1, "'sede'"),
    ("unknown key of a part", "widths:", "widht:", "RECIPE-KEY", 7, 3, "mlp has no 'widht'"),
    ("unknown key of a kindless part", "patience", "patince", "RECIPE-KEY", 22, 3, "stop has no 'patince'"),
    ("unknown key in a list", "alpha", "alhpa", "RECIPE-KEY", 20, 5, "l2 has no 'alhpa'"),
    ("unknown key in a nested part", "kind: cosine", "kind: cosine\n    x: 1", "RECIPE-KEY", 18, 5, "no 'x'"),
    ("key in the wrong case", "seed: 7", "Seed: 7", "RECIPE-KEY", 24, 1, "'Seed'"),
    ("unknown kind", "kind: adamw", "kind: adamv", "RECIPE-KIND", 14, 3, '"adamv"'),
    ("unknown word for a part", "relu", "relo", "RECIPE-KIND", 8, 3, '"relo"'),
    ("unknown task", "classification", "clasification", "RECIPE-KIND", 4, 1, '"clasification"'),
    ("kind left out", "kind: l2\n    ", "", "RECIPE-KIND", 19, 5, "no kind"),
    ("kind that is a number", "kind: mlp", "kind: 3", "RECIPE-KIND", 6, 3, "3"),
    ("kind that is a list", "kind: l2", "kind: [l2]", "RECIPE-KIND", 19, 5, "l2"),
    ("text for a number", "epochs: 30", "epochs: ten", "RECIPE-VALUE", 11, 3, '"ten"'),
    ("quoted number", "epochs: 30", 'epochs: "30"', "RECIPE-VALUE", 11, 3, "number"),
    ("truth for a number", "learning_rate: 1e-3", "learning_rate: true", "RECIPE-VALUE", 15, 3, "number"),
    ("fraction for a whole number", "epochs: 30", "epochs: 2.5", "RECIPE-VALUE", 11, 3, "2.5"),
    ("number for a list", "[128, 64]", "128", "RECIPE-VALUE", 7, 3, "128"),
    ("text in a list of numbers", "[128, 64]", "[128, wide]", "RECIPE-VALUE", 7, 17, '"wide"'),
    ("mapping for a list", "[128, 64]", "{a: 1}", "RECIPE-VALUE", 7, 3, ""),
    ("list for a part", "relu", "[relu]", "RECIPE-VALUE", 8, 3, ""),
    ("number for a part", "stop:\n  patience: 5", "stop: 5", "RECIPE-VALUE", 21, 1, ""),
    ("nothing for a number", "epochs: 30", "epochs: -1", "RECIPE-VALUE", 11, 3, "-1"),
    ("zero learning rate", "1e-3", "0", "RECIPE-VALUE", 15, 3, "greater than 0"),
    ("word that is no choice", "device: cpu", "device: gpu", "RECIPE-VALUE", 23, 1, "'cuda'"),
    ("decimal comma", "1e-3", "0,001", "RECIPE-VALUE", 15, 3, '"0,001"'),
    ("unit after a number", "1e-4", "1e-4%", "RECIPE-VALUE", 20, 5, '"1e-4%"'),
    ("options at odds", "kind: adamw", "kind: sgd\n  nesterov: true", "RECIPE-VALUE", 13, 1, "momentum"),
    ("key given twice", "seed: 7", "seed: 7\nseed: 8", "RECIPE-YAML-DUPLICATE", 25, 1, "line 24"),
    ("key given twice in a part", "epochs: 30", "batch: 30", "RECIPE-YAML-DUPLICATE", 12, 3, "line 11"),
    ("key given twice in braces", "relu", "{kind: relu, kind: gelu}", "RECIPE-YAML-DUPLICATE", 8, 28, '"kind"'),
    ("tab as indentation", "  epochs", "\tepochs", "RECIPE-YAML-TAB", 11, 1, "tab"),
    ("NUL", "churn.csv", "churn\0.csv", "RECIPE-YAML-CONTROL", 2, 14, "\\x00"),
    ("NUL as an escape", "churn.csv", '"churn\\0.csv"', "RECIPE-YAML-CONTROL", 2, 9, "NUL"),
    ("terminal escape", "churn.csv", "\x1b[2J.csv", "RECIPE-YAML-CONTROL", 2, 9, "\\x1b"),
    ("5,000 digits", "seed: 7", "seed: " + "9" * 5000, "RECIPE-YAML-NUMBER", 24, 7, "64 bits"),
    ("65 bits", "seed: 7", "seed: 0x1ffffffffffffffff", "RECIPE-YAML-NUMBER", 24, 7, "64 bits"),
    ("not a number", "1e-3", ".nan", "RECIPE-YAML-NUMBER", 15, 18, "finite"),
    ("infinity", "1e-3", "-.inf", "RECIPE-YAML-NUMBER", 15, 18, "finite"),
    ("too large for a float", "1e-3", "1e999", "RECIPE-YAML-NUMBER", 15, 18, "finite"),
    ("tag of YAML", "seed: 7", 'seed: !!int "7"', "RECIPE-YAML-TAG", 24, 7, "tag"),
    ("tag of Python", "relu", "!!python/object/apply:os.system [id]", "RECIPE-YAML-TAG", 8, 15, "tag"),
    ("alias without anchor", "relu", "*relu", "RECIPE-YAML-ALIAS", 8, 15, "no anchor"),
    ("cyclic alias", "[128, 64]", "&w [128, *w]", "RECIPE-YAML-ALIAS", 7, 20, "itself"),
    ("cyclic mapping", "stop:\n  patience: 5", "stop: &s\n  patience: *s", "RECIPE-YAML-ALIAS", 22, 13, "itself"),
    ("alias bomb", "seed: 7\n", BOMB, "RECIPE-YAML-NODES", 24, None, "aliases included"),
    ("60 lists deep", "[128, 64]", "[" * 60 + "]" * 60, "RECIPE-YAML-DEPTH", 7, 59, "50 deep"),
    ("100,000 lists deep", "[128, 64]", "[" * 100_000, "RECIPE-YAML-DEPTH", 7, 59, "50 deep"),
    ("aliases 60 deep", "seed: 7\n", "".join(f"a{n}: &a{n} [{f'*a{n - 1}' if n else 1}]\n" for n in range(60)),
     "RECIPE-YAML-DEPTH", 24, None, "50 deep"),
    ("200,000 numbers", "[128, 64]", "[" + "1," * 200_000 + "]", "RECIPE-YAML-NODES", 7, None, "100,000"),
    ("number as a key", "seed: 7", "7: seed", "RECIPE-YAML-KEY", 24, 1, '"7"'),
    ("list as a key", "seed: 7", "? [seed]\n: 7", "RECIPE-YAML-KEY", 24, 3, "key"),
    ("merge key", "seed: 7", "<<: {seed: 7}", "RECIPE-YAML-KEY", 24, 1, "merge"),
    ("colon in plain text", "churn.csv", "a: b", "RECIPE-YAML-SYNTAX", 2, 10, "not YAML"),
    ("at sign", "churn.csv", "@churn", "RECIPE-YAML-SYNTAX", 2, 9, "not YAML"),
    ("quote left open", "churn.csv", '"churn.csv', "RECIPE-YAML-SYNTAX", None, None, "not YAML"),
    ("bracket left open", "[128, 64]", "[128, 64", "RECIPE-YAML-SYNTAX", None, None, "not YAML"),
    ("wrong indentation", "  epochs", "   epochs", "RECIPE-YAML-SYNTAX", 11, None, "not YAML"),
    ("half a surrogate pair", "churn.csv", '"\\ud800.csv"', "RECIPE-YAML-SYNTAX", 2, None, "not YAML"),
    ("second document", "seed: 7", "seed: 7\n---\nseed: 8", "RECIPE-YAML-ROOT", 25, 1, "second document"),
    ("no data", "data:\n  path: churn.csv\n  target: churn\n", "", "RECIPE-MISSING", 1, 1, "'data'"),
]  # fmt: skip

# (what is wrong, the whole text, code, line, column, words)
WHOLE = [
    ("empty file", b"", "RECIPE-YAML-ROOT", 1, 1, "nothing"),
    ("comments only", b"# a recipe\n", "RECIPE-YAML-ROOT", 1, 1, "nothing"),
    ("list as the root", b"- data\n", "RECIPE-YAML-ROOT", 1, 1, "mapping"),
    ("text as the root", b"data", "RECIPE-YAML-ROOT", 1, 1, "mapping"),
    ("null as the root", b"---\n", "RECIPE-YAML-ROOT", None, None, "mapping"),
    ("Latin-1", b"data:\n  path: caf\xe9.csv\n", "RECIPE-YAML-ENCODING", 2, 12, "UTF-8"),
    ("UTF-16", GOOD.encode("utf-16"), "RECIPE-YAML-ENCODING", 1, 1, "UTF-8"),
    ("picture", b"\x89PNG\r\n\x1a\n" + bytes(100), "RECIPE-YAML-ENCODING", 1, 1, "UTF-8"),
    ("100 MB", None, "RECIPE-YAML-SIZE", 1, 1, "1,048,576 bytes"),
]


def refused(path: Path) -> RecipeError:
    start = time.process_time()
    with pytest.raises(RecipeError) as caught:
        read(Recipe, read_file(path))
    seconds = time.process_time() - start
    if seconds >= 1:  # a busy machine slows a processor down, so once more
        start = time.process_time()
        with pytest.raises(RecipeError):
            read(Recipe, read_file(path))
        seconds = time.process_time() - start
    assert seconds < 1
    return caught.value


def check(path: Path, code: str, line: int | None, column: int | None, words: str) -> None:
    fault = refused(path)
    assert (fault.code, fault.exit_code, fault.place.file) == (code, 2, str(path))
    assert fault.place.line == line if line else fault.place.line
    assert fault.place.column == column if column else fault.place.column
    assert words in fault.message + str(fault.hint)
    assert "\n" not in str(fault)
    assert "\x1b" not in fault.lines()
    assert "\0" not in fault.lines()
    assert len(fault.message) < 400


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column", "words"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED]
)
def test_one_fault_in_a_good_recipe(
    tmp_path: Path, old: str, new: str, code: str, line: int | None, column: int | None, words: str
) -> None:
    assert old in GOOD
    path = tmp_path / "r.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    check(path, code, line, column, words)


@pytest.mark.parametrize(
    ("data", "code", "line", "column", "words"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE]
)
def test_what_is_no_recipe_at_all(
    tmp_path: Path, data: bytes | None, code: str, line: int | None, column: int | None, words: str
) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"a: 1\n" * 20_000_000 if data is None else data)
    check(path, code, line, column, words)


def test_the_good_recipe_is_good() -> None:
    recipe = read(Recipe, read_yaml(GOOD))
    assert recipe.optimizer is not None
    assert recipe.optimizer.learning_rate == 0.001


def test_a_byte_order_mark_and_line_ends_of_windows_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read(Recipe, read_file(path)) == read(Recipe, read_yaml(GOOD))


def test_words_of_yaml_1_1_stay_text() -> None:
    recipe = read(Recipe, read_yaml(GOOD.replace("target: churn", "target: on")))
    assert recipe.data.target == "on"


BOUNDED = """
import resource, sys
from pellucid.documents import read_file
from pellucid.errors import RecipeError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        read_file(path)
    except RecipeError:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // (1024 if sys.platform == "linux" else 2**20))
"""


def test_hostile_recipes_take_little_memory(tmp_path: Path) -> None:
    texts = [BOMB, "a: [" + "1," * 500_000 + "]", "a: " + "[" * 1_000_000, "a: 1\n" * 5_000_000]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    command = [sys.executable, "-c", BOUNDED, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
