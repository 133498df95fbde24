from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.errors import ArtifactError
from pellucid.training import layout


def test_a_journal_is_read_as_far_as_it_was_written(tmp_path: Path):
    assert layout.journal(tmp_path) == []
    (tmp_path / "journal.jsonl").write_text('{"event":"started"}\n{"event":"comm')
    assert layout.journal(tmp_path) == [{"event": "started"}]


def test_the_version_says_what_to_install(tmp_path: Path):
    (tmp_path / "run.json").write_text('{"format":"pellucid-run","version":[2,0],"writer":"9.1.0"}')
    with pytest.raises(ArtifactError, match="written by Pellucid 9") as caught:
        layout.read_identity(tmp_path)
    assert caught.value.exit_code == 3


def test_folders_have_numbers_of_their_own(tmp_path: Path):
    (tmp_path / "runs" / "digits-0007").mkdir(parents=True)
    names = [layout.next_folder("digits", tmp_path / "runs").name for _ in range(3)]
    assert names == ["digits-0008", "digits-0009", "digits-0010"]
    assert layout.next_folder("iris", tmp_path / "runs").name == "iris-0001"


def test_a_run_is_called_after_its_data():
    names = {"a/churn.csv": "churn", "iris": "iris", "x/my data.csv": "my-data", ".csv": "-csv"}
    assert {path: layout.run_name(path) for path in names} == names
    assert layout.run_name(None) == "memory"
