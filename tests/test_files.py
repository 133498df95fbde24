from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from pellucid.artifacts import verify_folder
from pellucid.errors import BusyError, ResourceError
from pellucid.files import (
    LOCK,
    MANIFEST,
    TEMPORARY,
    HashingWriter,
    Lock,
    check_space,
    commit_folder,
    member_name,
    plain_name,
    refuse,
    remove_folder,
    sealed,
    sweep,
    write_atomic,
)

OLD = {"a.json": b"old", "b.bin": b"\0" * 1000}


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs `code`; its arguments are `sys.argv[1:]`."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def say_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_committed_folder_holds_its_members_and_a_manifest(tmp_path: Path) -> None:
    def stream(file: BinaryIO) -> None:
        for _ in range(3):
            file.write(b"xyz" * 1000)

    manifest = commit_folder(tmp_path, "one", {"a.json": b"{}", "b.bin": stream}, {"format": "test", "version": [1, 0]})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one"]
    assert (tmp_path / "one" / "b.bin").read_bytes() == b"xyz" * 3000
    assert manifest["files"]["b.bin"] == {"bytes": 9000, "sha256": hashlib.sha256(b"xyz" * 3000).hexdigest()}
    assert json.loads((tmp_path / "one" / MANIFEST).read_bytes()) == manifest == sealed(manifest)
    assert verify_folder(tmp_path / "one") == manifest


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        commit_folder(tmp_path, "one", OLD)
        write_atomic(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o750
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "one").iterdir()} == {0o640}
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_target_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    commit_folder(tmp_path, "full", OLD)
    for name in ("empty", "full"):
        with pytest.raises(ResourceError) as caught:
            commit_folder(tmp_path, name, {"a.json": b"new"})
        assert caught.value.code == "IO-EXISTS"
    assert (tmp_path / "full" / "a.json").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "DISK-FULL"), (errno.EDQUOT, "DISK-FULL"), (errno.EIO, "IO-WRITE")]
)
def test_a_failing_member_leaves_nothing(tmp_path: Path, number: int, code: str) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(ResourceError) as caught:
        commit_folder(tmp_path, "one", {"a.json": b"x", "b.bin": fail})
    assert caught.value.code == code
    assert caught.value.place.file == str(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_bug_in_a_member_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        commit_folder(tmp_path, "one", {"a.json": b"x", "b.bin": fail})
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_seen_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        commit_folder(tmp_path, "one", OLD, streamed_bytes=1 << 60)
    assert caught.value.code == "DISK-FULL"
    assert "bytes needed" in caught.value.message
    assert "free" in caught.value.message
    assert caught.value.exit_code == 5
    assert list(tmp_path.iterdir()) == []
    check_space(tmp_path, 0)


def test_a_folder_that_is_gone_is_one_fault(tmp_path: Path) -> None:
    for act in (lambda: commit_folder(tmp_path / "no", "one", OLD), lambda: write_atomic(tmp_path / "no" / "f", b"x")):
        with pytest.raises(ResourceError) as caught:
            act()
        assert caught.value.code == "IO-WRITE"


FULL = """
import resource, sys
from pathlib import Path
from pellucid.errors import ResourceError
from pellucid.files import commit_folder, write_atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
parent, act = Path(sys.argv[1]), sys.argv[2]
try:
    if act == "folder":
        commit_folder(parent, "new", {"a.json": b"x", "b.bin": lambda file: file.write(bytes(20000))})
    else:
        write_atomic(parent / "file", bytes(20000))
except ResourceError as fault:
    print(fault.code, fault.exit_code)
"""


@pytest.mark.parametrize("act", ["folder", "file"])
def test_a_full_disk_costs_nothing_that_was_there(tmp_path: Path, act: str) -> None:
    commit_folder(tmp_path, "old", OLD)
    write_atomic(tmp_path / "file", b"old")
    out, err = child(FULL, tmp_path, act).communicate(timeout=60)
    assert (out.strip(), err) == ("DISK-FULL 5", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "old"]
    assert (tmp_path / "file").read_bytes() == b"old"
    verify_folder(tmp_path / "old")


KILLED = """
import sys, time
from pathlib import Path
from pellucid.files import commit_folder
def slow(file):
    file.write(bytes(1000))
    print("writing", flush=True)
    time.sleep(60)
commit_folder(Path(sys.argv[1]), "new", {"a.json": b"x", "b.bin": slow})
"""


def test_a_kill_in_the_middle_leaves_the_old_and_an_orphan_to_sweep(tmp_path: Path) -> None:
    commit_folder(tmp_path, "old", OLD)
    writer = child(KILLED, tmp_path)
    assert say_line(writer) == "writing"
    kill(writer)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert names[0].startswith(TEMPORARY)
    assert names[1] == "old"
    verify_folder(tmp_path / "old")
    assert sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


REPEATED = """
import sys
from pathlib import Path
from pellucid.files import commit_folder, write_atomic
parent = Path(sys.argv[1])
print("started", flush=True)
for number in range(100000):
    commit_folder(parent, f"{number:06d}", {"a.json": str(number).encode() * 5000, "b.bin": bytes(50000)})
    write_atomic(parent / "file", str(number % 10).encode() * 30000)
"""


def test_kills_at_random_times_never_tear_anything(tmp_path: Path) -> None:
    for trial in range(8):
        parent = tmp_path / str(trial)
        parent.mkdir()
        writer = child(REPEATED, parent)
        assert say_line(writer) == "started"
        time.sleep(0.01 + 0.013 * trial)
        kill(writer)
        sweep(parent)
        for path in parent.iterdir():
            if path.is_dir():
                verify_folder(path)
            else:
                data = path.read_bytes()
                assert len(data) == 30000
                assert len(set(data)) == 1


def test_write_atomic_replaces(tmp_path: Path) -> None:
    for data, durable in [(b"one", True), (b"two", False), (b"", True)]:
        write_atomic(tmp_path / "file", data, durable=durable)
        assert (tmp_path / "file").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_sweep_follows_no_links_and_touches_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    run = tmp_path / "run"
    run.mkdir()
    (run / f"{TEMPORARY}1-a").symlink_to(outside)
    (run / f"{TEMPORARY}1-b").write_text("x")
    (run / f"{TEMPORARY}1-c").mkdir()
    (run / f"{TEMPORARY}1-c" / "deep").symlink_to(outside)
    (run / "other").write_text("x")
    assert sweep(run) == 3
    assert [path.name for path in run.iterdir()] == ["other"]
    assert (outside / "kept").exists()
    assert sweep(tmp_path / "missing") == 0


def test_remove_folder(tmp_path: Path) -> None:
    commit_folder(tmp_path, "one", OLD)
    remove_folder(tmp_path / "one")
    remove_folder(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a\0", "a\n", "c:", "x" * 256])
def test_names_that_are_no_member(name: str) -> None:
    assert not plain_name(name)
    assert plain_name("weights.safetensors")


@pytest.mark.parametrize("name", ["", MANIFEST, f"{MANIFEST}/a", "../a", "a/..", "/a", "a/", "a//b", "a/b/c", "./a"])
def test_names_that_no_file_of_a_folder_has(name: str) -> None:
    assert not member_name(name)
    assert member_name("vocabulary/input.json") and member_name("weights.safetensors")


def test_a_file_in_a_folder_of_its_own(tmp_path: Path) -> None:
    manifest = commit_folder(tmp_path, "one", {"a": b"1", "words/input.json": b"[]", "words/target.json": b"{}"})
    assert sorted(manifest["files"]) == ["a", "words/input.json", "words/target.json"]
    assert (tmp_path / "one" / "words" / "input.json").read_bytes() == b"[]"
    assert verify_folder(tmp_path / "one") == manifest
    remove_folder(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_the_hashing_writer_counts_and_hashes(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        writer = HashingWriter(file)
        assert writer.writable()
        assert writer.write(b"ab") == 2
        assert writer.write(memoryview(bytearray(b"cdef")).cast("I")) == 4
    assert writer.bytes == 6
    assert writer.hash.hexdigest() == hashlib.sha256((tmp_path / "file").read_bytes()).hexdigest()


def test_refuse_says_what_and_where(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="permission denied") as caught:
        refuse(PermissionError(errno.EACCES, "Permission denied"), tmp_path / "x")
    assert caught.value.code == "IO-WRITE"
    with pytest.raises(ResourceError, match="limit on the size"):
        refuse(OSError(errno.EFBIG, "File too large"), tmp_path / "x", 10)


HOLDER = """
import sys, time
from pathlib import Path
from pellucid.errors import BusyError
from pellucid.files import Lock
try:
    with Lock(Path(sys.argv[1])):
        print("mine", flush=True)
        sys.stdin.read() if len(sys.argv) > 2 else time.sleep(60)
except BusyError as fault:
    print("busy", fault.exit_code, fault.message, flush=True)
"""


def test_one_of_two_processes_wins_and_the_other_is_told_who(tmp_path: Path) -> None:
    assert not Lock.held(tmp_path)
    racers = [child(HOLDER, tmp_path) for _ in range(2)]
    lines = sorted((say_line(racer), racer.pid) for racer in racers)
    try:
        assert lines[0][0].startswith("busy 4 ")
        assert lines[1][0] == "mine"
        assert Lock.held(tmp_path)
        start = time.monotonic()
        with pytest.raises(BusyError) as caught, Lock(tmp_path):
            pass
        assert time.monotonic() - start < 1
        assert caught.value.code == "LOCK-BUSY"
        assert f"process {lines[1][1]} on " in caught.value.message
    finally:
        for racer in racers:
            kill(racer)
    assert not Lock.held(tmp_path)
    with Lock(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()


def test_a_killed_owner_frees_the_lock(tmp_path: Path) -> None:
    for _ in range(3):
        owner = child(HOLDER, tmp_path)
        assert say_line(owner) == "mine"
        kill(owner)
        with Lock(tmp_path) as lock:
            assert lock.path == tmp_path / LOCK


FORKER = r"""
import os, sys, time
from pathlib import Path
from pellucid.files import Lock
with Lock(Path(sys.argv[1])):
    worker = os.fork()
    if worker == 0:
        os.write(1, b"forked\n")
        time.sleep(60)
        os._exit(0)
    os.write(1, f"{worker}\n".encode())
    time.sleep(60)
"""


def test_a_forked_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    owner = child(FORKER, tmp_path)
    lines = {say_line(owner), say_line(owner)}
    worker = int((lines - {"forked"}).pop())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    try:
        assert not Lock.held(tmp_path)
    finally:
        os.kill(worker, signal.SIGKILL)
        owner.communicate()


def test_looking_does_not_disturb(tmp_path: Path) -> None:
    with Lock(tmp_path):
        pass
    for _ in range(50):
        assert not Lock.held(tmp_path)
        with Lock(tmp_path):
            assert Lock.held(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"pid": "x"}', "[" * 4000])
def test_a_lock_with_odd_text_is_still_a_lock(tmp_path: Path, text: str) -> None:
    with Lock(tmp_path):
        (tmp_path / LOCK).write_text(text)
        with pytest.raises(BusyError, match="another process"), Lock(tmp_path):
            pass


def test_a_lock_is_not_opened_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / LOCK).symlink_to(tmp_path / "victim")
    with pytest.raises(ResourceError), Lock(tmp_path):
        pass
    assert (tmp_path / "victim").read_text() == "precious"
    with pytest.raises(ResourceError), Lock(tmp_path / "missing"):
        pass
