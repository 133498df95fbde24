"""Whether a path holds sound, judged by names and first rows alone."""

from __future__ import annotations

import csv
import os
import zipfile
from pathlib import Path

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3"})
PATH_COLUMNS = ("path", "file", "filename", "audio", "clip")
"""Names of the column of a table that says where a sound is."""
WAVES = "waves"
"""The array of an .npz file, or the entry of a mapping, that holds sounds."""


def is_audio(path: Path) -> bool:
    """Whether this is a sound file, an .npz file of waves, a CSV file of sound files, or a folder that holds some."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return _holds_sounds(path)
    if suffix == ".npz" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return f"{WAVES}.npy" in archive.namelist()
    return suffix in SUFFIXES or (suffix == ".csv" and path.is_file() and _lists_sounds(path))


def _holds_sounds(folder: Path) -> bool:
    """Whether the first folder with files in it that are not hidden has a sound among them."""
    for _, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = [name for name in names if not name.startswith(".")]
        if any(Path(name).suffix.lower() in SUFFIXES for name in shown):
            return True
        if shown and not folders:
            return False
    return False


def _lists_sounds(file: Path) -> bool:
    with file.open("rb") as stream:
        lines = stream.read(2**16).decode("utf-8-sig", "replace").splitlines()[:2]
    rows = list(csv.reader(lines))
    if len(rows) < 2:
        return False
    paths = [cell for name, cell in zip(*rows, strict=False) if name.strip().lower() in PATH_COLUMNS]
    return any(Path(cell.strip()).suffix.lower() in SUFFIXES for cell in paths)
