"""Packages that carry data: where their files are on this machine, and that they are the very ones known here.

A package is looked for where Python modules are installed (it is never imported), then in /usr/share and /usr/lib, then
in the folder that the environment variable PELLUCID_DATA names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from pellucid.errors import DataError, Place

PLACES = (Path("/usr/share"), Path("/usr/lib"))
"""Where Debian's packages, and npm's, keep their files."""
VARIABLE = "PELLUCID_DATA"


@dataclass(frozen=True, slots=True)
class Package:
    """Files of one package, as one version of it has them."""

    name: str
    install: str
    """The command that installs it."""
    folder: str
    """Where its files are: below the folder of modules, /usr/share, /usr/lib or PELLUCID_DATA."""
    files: tuple[str, ...]
    """Patterns of the files that are read."""
    digest: str
    """SHA-256 over their names and contents."""
    without: tuple[str, ...] = ()
    """Parts of the names of files that are left out."""

    def at(self, folder: Path) -> list[Path]:
        """The files of this package in its folder, in order."""
        found = {file for pattern in self.files for file in folder.glob(pattern)}
        return sorted(file for file in found if not any(word in file.name for word in self.without))


def verified(package: Package) -> Path:
    """The folder of an installed package, its files checked. Raises: DataError."""
    folder = found(package)
    if folder is None:
        hint = f"{package.install}, or unpack it so that {VARIABLE}/{package.folder} exists"
        raise DataError("DATA-PATH", f"the package {package.name} is not installed", hint=hint)
    if digest(package.at(folder), folder) != package.digest:
        message = f"these are not the files of {package.name} that Pellucid knows"
        raise DataError("DATA-FILE", message, place=Place(str(folder)), hint=package.install)
    return folder


def found(package: Package) -> Path | None:
    """The first folder that has files of this package."""
    return next((folder for folder in _candidates(package.folder) if package.at(folder)), None)


def _candidates(folder: str) -> Iterator[Path]:
    module, _, rest = folder.partition("/")
    spec = find_spec(module)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / rest
    yield from (place / folder for place in PLACES)
    if os.environ.get(VARIABLE):
        yield Path(os.environ[VARIABLE]) / folder


def digest(files: Sequence[Path], folder: Path) -> str:
    """SHA-256 over the names of files, below their folder, and their contents."""
    lines = [f"{file.relative_to(folder).as_posix()} {sha256(file.read_bytes()).hexdigest()}\n" for file in files]
    return sha256("".join(lines).encode()).hexdigest()
