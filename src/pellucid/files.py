"""Writing that a kill, a full disk or a power cut cannot tear, and the lock that gives a run folder one owner.

The recipe for a folder: temporary folder, every file flushed to disk, the manifest last, rename, the parent flushed.
So a final name exists only for content that is complete, and a failure costs nothing that was there before.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NoReturn, Self, TypeAlias, cast

from pellucid.documents import canonical_json
from pellucid.errors import BusyError, Place, ResourceError, quote

MANIFEST = "MANIFEST.json"
TEMPORARY = ".tmp-"
"""How the name of everything uncommitted starts; `sweep` removes it."""
LOCK = "LOCK"

Member: TypeAlias = "bytes | Callable[[BinaryIO], None]"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SPARE_BYTES = 16 << 20
_SPARE_SHARE = 1.05
_PROBE_SECONDS = 0.02  # `Lock.held` takes the lock for microseconds; a starter that meets it looks a second time


class HashingWriter(io.RawIOBase):
    """Counts and hashes what goes through it to `file`."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.bytes = 0
        self.hash = sha256()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Writes all of `data`."""
        view = memoryview(data).cast("B")
        self.file.write(view)
        self.hash.update(view)
        self.bytes += view.nbytes
        return view.nbytes


def commit_folder(
    parent: Path,
    name: str,
    members: Mapping[str, Member],
    about: Mapping[str, Any] | None = None,
    *,
    streamed_bytes: int = 0,
) -> dict[str, Any]:
    """Makes the folder `parent/name` with `members` and a manifest, all or nothing; returns the manifest.

    `members` maps a name, or `folder/name`, to its bytes or to a function that writes them; `streamed_bytes` is about
    how many the functions will write. The manifest holds `about`, size and SHA-256 of every file, and an `id` over all.
    Raises: ResourceError, and nothing is left behind: DISK-FULL with path, needed and free bytes; IO-EXISTS; IO-WRITE.
    """
    assert plain_name(name), name
    for member in members:
        assert member_name(member), member
    target, need = (
        parent / name,
        streamed_bytes + sum(len(data) for data in members.values() if isinstance(data, bytes)),
    )
    folder = parent / _temporary_name()
    try:
        check_space(parent, need)
        if os.path.lexists(target):
            raise ResourceError("IO-EXISTS", "exists already; nothing was written", place=Place(str(target)))
        folder.mkdir()
        for inner in {member.partition("/")[0] for member in members if "/" in member}:
            (folder / inner).mkdir()
        files = {file: _write(folder / file, member) for file, member in members.items()}
        manifest = sealed({**(about or {}), "files": files})
        _write(folder / MANIFEST, canonical_json(manifest))
        for place in {folder, *((folder / member).parent for member in members)}:
            flush(place)
        folder.rename(target)
        folder = target
        flush(parent)
    except OSError as fault:
        need = max(need, _size(folder))
        _remove(folder)
        refuse(fault, target, need)
    except BaseException:
        _remove(folder)
        raise
    return manifest


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replaces the file at `path` by `data`: a reader sees the old content or the new, never a mixture.

    `durable=False` leaves the time of reaching the disk to the system; for heartbeats.
    Raises: ResourceError DISK-FULL or IO-WRITE; the old file is intact.
    """
    temporary = path.parent / _temporary_name()
    try:
        _write(temporary, data, durable=durable)
        temporary.replace(path)
        if durable:
            flush(path.parent)
    except OSError as fault:
        _remove(temporary)
        refuse(fault, path, len(data))
    except BaseException:
        _remove(temporary)
        raise


def sweep(parent: Path) -> int:
    """Removes what killed writers left in `parent` and returns how many; only for the holder of the lock."""
    try:
        orphans = [entry for entry in parent.iterdir() if entry.name.startswith(TEMPORARY)]
    except FileNotFoundError:
        return 0
    except OSError as fault:
        refuse(fault, parent)
    for orphan in orphans:
        _remove(orphan)
    return len(orphans)


def remove_folder(folder: Path) -> None:
    """Removes a committed folder; a kill in the middle leaves an orphan for `sweep`, never half of the folder.

    Raises: ResourceError where the file system refuses.
    """
    orphan = folder.with_name(_temporary_name())
    try:
        folder.rename(orphan)
    except FileNotFoundError:
        return
    except OSError as fault:
        refuse(fault, folder)
    _remove(orphan)


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest` with its `id`: the SHA-256 of its canonical bytes without `id`."""
    rest = {key: value for key, value in manifest.items() if key != "id"}
    return {**rest, "id": f"sha256:{sha256(canonical_json(rest)).hexdigest()}"}


def plain_name(name: str) -> bool:
    """Whether `name` is one step of a path that is safe everywhere, and not a hidden or temporary one."""
    return 0 < len(name) <= 255 and name.isprintable() and name[0] != "." and not set(name) & set('/\\:*?"<>|')


def member_name(name: str) -> bool:
    """Whether a committed folder can have a file of this name: a plain one, or a plain one in a plain folder."""
    steps = name.split("/")
    return len(steps) <= 2 and all(map(plain_name, steps)) and steps[0] != MANIFEST


def check_space(folder: Path, need: int) -> None:
    """Raises: ResourceError DISK-FULL where the disk of `folder` has not `need` bytes and some to spare."""
    free = _free(folder)
    with_spare = int(need * _SPARE_SHARE) + _SPARE_BYTES
    if free < with_spare:
        _full(folder, with_spare, free)


def flush(path: Path) -> None:
    """Makes the content of a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)


def refuse(fault: OSError, path: Path, need: int = 0) -> NoReturn:
    """Raises: the ResourceError for a fault of the file system at `path`."""
    if fault.errno in _FULL:
        try:
            free = _free(path.parent)
        except OSError:
            free = 0
        _full(path, need, free, fault)
    words = (fault.strerror or str(fault)).lower()
    raise ResourceError("IO-WRITE", f"cannot be written: {words}", place=Place(str(path))) from fault


class Lock:
    """The one owner of a run folder, from `with Lock(run):` to its end; the system frees it when the process dies.

    Raises: BusyError LOCK-BUSY at once where another process is the owner; ResourceError where the folder refuses.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / LOCK
        self.descriptor: int | None = None

    def __enter__(self) -> Self:
        assert self.descriptor is None, "a Lock is entered once at a time"
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        except OSError as fault:
            refuse(fault, self.path)
        try:
            if not _taken(descriptor):
                time.sleep(_PROBE_SECONDS)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, canonical_json(_owner()), 0)
        except BlockingIOError:
            owner = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            raise BusyError("LOCK-BUSY", _busy(owner), place=Place(str(self.path.parent))) from None
        except OSError as fault:
            os.close(descriptor)
            refuse(fault, self.path)
        self.descriptor = descriptor
        # a forked child inherits the lock with the descriptor, and would hold it after its parent is killed
        os.register_at_fork(after_in_child=self._close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @staticmethod
    def held(run: Path) -> bool:
        """Whether a process owns the run folder now."""
        try:
            descriptor = os.open(run / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _taken(descriptor, fcntl.LOCK_SH)  # two who only look do not meet
        finally:
            os.close(descriptor)

    def _close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def _taken(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Takes the lock if it is free, without waiting; whether it did."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner() -> dict[str, str | int]:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "boot": boot.read_text().strip() if boot.exists() else "",
        "start": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _busy(owner: bytes) -> str:
    try:
        known = json.loads(owner)
        who = f"process {int(known['pid'])} on {quote(str(known['host']))}, since {quote(str(known['start']))}"
    except (ValueError, KeyError, TypeError, RecursionError):
        who = "another process"
    return f"this run folder belongs to {who}"


def _temporary_name() -> str:
    return f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"


def _write(path: Path, member: Member, *, durable: bool = True) -> dict[str, str | int]:
    with path.open("xb") as file:
        writer = HashingWriter(file)
        if isinstance(member, bytes):
            writer.write(member)
        else:
            member(cast("BinaryIO", writer))
        file.flush()
        if durable:
            _flush(file.fileno())
    return {"bytes": writer.bytes, "sha256": writer.hash.hexdigest()}


def _flush(descriptor: int) -> None:
    if sys.platform == "darwin":  # there, fsync leaves the data in the cache of the drive
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
        except OSError as fault:
            if fault.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):
                raise
    os.fsync(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*")) if folder.is_dir() else 0


def _free(folder: Path) -> int:
    stats = os.statvfs(folder)
    return stats.f_bavail * stats.f_frsize


def _full(path: Path, need: int, free: int, fault: OSError | None = None) -> NoReturn:
    limit = " (a limit on the size of a file was hit)" if fault is not None and fault.errno == errno.EFBIG else ""
    message = f"the disk is full: {need:,} bytes needed, {free:,} free{limit}"
    hint = "free some space and go on; nothing written before is lost"
    raise ResourceError("DISK-FULL", message, place=Place(str(path)), hint=hint) from fault
