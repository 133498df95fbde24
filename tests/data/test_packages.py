from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.data import packages
from pellucid.data.packages import Package, digest, found, verified
from pellucid.errors import DataError

NOWHERE = Package("nothing 1.0", "pip install nothing==1.0", "nothing_of_that_name/data", ("*.txt",), "")


def test_a_package_is_looked_for_where_modules_are_and_then_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert found(NOWHERE) is None
    monkeypatch.setenv(packages.VARIABLE, str(tmp_path / "mine"))
    assert found(NOWHERE) is None
    mine, module = (tmp_path / place / "nothing_of_that_name" / "data" for place in ("mine", "modules"))
    for folder in (mine, module):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("a")
    assert found(NOWHERE) == mine
    (module.parent / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    assert found(NOWHERE) == module


def test_a_package_that_is_missing_names_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(packages.VARIABLE, raising=False)
    with pytest.raises(DataError, match=r"nothing 1\.0 is not installed") as caught:
        verified(NOWHERE)
    assert caught.value.code == "DATA-PATH" and "pip install nothing==1.0" in (caught.value.hint or "")
    assert packages.VARIABLE in (caught.value.hint or "")


def test_files_of_another_version_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / NOWHERE.folder
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "left out.txt").write_text("b")
    monkeypatch.setenv(packages.VARIABLE, str(tmp_path))
    package = Package(NOWHERE.name, NOWHERE.install, NOWHERE.folder, NOWHERE.files, "", ("left",))
    assert package.at(folder) == [folder / "a.txt"]
    right = digest(package.at(folder), folder)
    package = Package(NOWHERE.name, NOWHERE.install, NOWHERE.folder, NOWHERE.files, right, ("left",))
    assert verified(package) == folder
    (folder / "a.txt").write_text("c")
    with pytest.raises(DataError, match=r"not the files of nothing 1\.0") as caught:
        verified(package)
    assert caught.value.code == "DATA-FILE" and caught.value.place.file == str(folder)
