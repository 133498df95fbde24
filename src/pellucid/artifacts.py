"""Reading what was committed: every byte is hashed before it is used, and tensors are safetensors, never pickle."""

from __future__ import annotations

import json
import os
import stat
import struct
import sys
from collections.abc import Mapping
from hashlib import file_digest
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from pellucid.documents import Plain, canonical_json, read_json
from pellucid.errors import ArtifactError, Place, nearest, quote
from pellucid.files import MANIFEST, member_name, sealed

if TYPE_CHECKING:
    import torch

LARGEST_MANIFEST = 1 << 20

_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "uint8": "U8",
    "bool": "BOOL",
}


def verify_folder(folder: Path) -> dict[str, Any]:
    """The manifest of a committed folder, after every file in it was checked against it.

    Exactly the files of the manifest, all regular, without links, with the size and SHA-256 that it says.
    Raises: ArtifactError FILE-DAMAGED naming the file that is not so.
    """
    manifest = read_manifest(folder)
    files = manifest["files"]
    try:
        found = _members(folder, {name.partition("/")[0] for name in files if "/" in name})
    except OSError as fault:
        _damaged(folder, str(fault.strerror))
    for name in sorted(found - files.keys() - {MANIFEST}):
        close = nearest(name, files.keys() - found)
        _damaged(folder / name, "does not belong here", f"is it '{close}', renamed?" if close else None)
    for name, facts in files.items():
        with _open_regular(folder / name) as file:
            size = os.fstat(file.fileno()).st_size
            if size != facts["bytes"]:
                _damaged(folder / name, f"has {size:,} bytes; {facts['bytes']:,} were written")
            if _digest(folder / name, file) != facts["sha256"]:
                _damaged(folder / name, "its content is not what was written (SHA-256 differs)")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a committed folder, itself intact; its files are not looked at.

    Raises: ArtifactError FILE-DAMAGED.
    """
    path = folder / MANIFEST
    with _open_regular(path) as file:
        try:
            data = file.read(LARGEST_MANIFEST + 1)
        except OSError as fault:
            _damaged(path, f"cannot be read: {fault.strerror}")
    manifest: Plain = read_json(data, str(path), code="FILE-DAMAGED")
    if not isinstance(manifest, dict) or not isinstance(files := manifest.get("files"), dict):
        _damaged(path, "not a manifest")
    # any flipped bit shows here, even one that leaves the JSON valid: the id covers the rest, and the form is fixed
    if manifest != sealed(manifest) or canonical_json(manifest) != data:
        _damaged(path, "its content is not what was written (id differs)")
    folded: set[str] = set()
    for name, facts in files.items():
        if not member_name(name) or name.casefold() in folded:
            _damaged(path, f"{quote(name)} is not a file name that was written by us")
        folded.add(name.casefold())
        known = isinstance(facts, dict) and type(facts.get("bytes")) is int and isinstance(facts.get("sha256"), str)
        if not known:
            _damaged(path, f"{quote(name)} has no size and SHA-256")
    return manifest


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal.

    Raises: ArtifactError FILE-DAMAGED for a file that is missing, not regular, a link or not readable.
    """
    with _open_regular(path, links=True) as file:
        return _digest(path, file)


def write_safetensors(file: BinaryIO, tensors: Mapping[str, torch.Tensor]) -> None:
    """Writes `tensors` in the safetensors format: length of header, header in JSON, raw little-endian numbers.

    Raises: ArtifactError FILE-TENSOR for a tensor that the format or we have no name for.
    """
    assert sys.byteorder == "little", "safetensors is little-endian"
    header: dict[str, Any] = {}
    end = 0
    ordered = _ordered(tensors)
    for name, tensor in ordered:
        start, end = end, end + tensor.numel() * tensor.element_size()
        dtype = _DTYPES[_dtype(tensor)]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)))
    file.write(text)
    for _, tensor in ordered:
        if tensor.numel():
            file.write(_raw(tensor))


def tensors_to_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """`tensors` as the content of a safetensors file."""
    buffer = BytesIO()
    write_safetensors(buffer, tensors)
    return buffer.getvalue()


def tensor_bytes(tensors: Mapping[str, torch.Tensor]) -> int:
    """About how many bytes `write_safetensors` will write."""
    return sum(tensor.numel() * tensor.element_size() + len(name) + 100 for name, tensor in tensors.items())


def read_safetensors(path: Path, *, finite: bool = False) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file on the CPU, as memory of their own.

    Raises: ArtifactError FILE-DAMAGED for what is no such file, FILE-TENSOR for a kind of number that we never write,
    and where `finite` is asked, FILE-NOT-FINITE naming the first tensor that holds NaN or infinity.
    """
    import safetensors
    import torch

    with _open_regular(path, links=True):
        pass
    tensors: dict[str, torch.Tensor] = {}
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            for name in file.keys():
                # the loader maps the file into memory; a clone outlives any change of the file
                tensors[name] = file.get_tensor(name).clone()
    except (safetensors.SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError) as fault:
        _damaged(path, f"not a safetensors file: {quote(str(fault))}")
    for name, tensor in tensors.items():
        _refuse_dtype(tensor, name, path)
        if finite and tensor.is_floating_point() and not torch.isfinite(tensor).all():
            message = f"{quote(name)} holds NaN or infinity"
            raise ArtifactError("FILE-NOT-FINITE", message, place=Place(str(path)))
    return tensors


def _members(folder: Path, inner: set[str]) -> set[str]:
    """The names of what a folder holds; of the folders `inner` in it, what they hold. Links are not followed."""
    names: set[str] = set()
    for entry in os.scandir(folder):
        if entry.name in inner and entry.is_dir(follow_symlinks=False):
            names |= {f"{entry.name}/{below.name}" for below in os.scandir(entry.path)}
        else:
            names.add(entry.name)
    return names


def _open_regular(path: Path, *, links: bool = False) -> BinaryIO:
    """`path`, open for reading, if it is a regular file; unless `links`, not one with another name."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        _damaged(path, "is missing")
    except (OSError, ValueError) as fault:  # ELOOP for a symbolic link; ValueError for a NUL in the name
        _damaged(path, "is a link" if path.is_symlink() else f"cannot be read: {fault}")
    facts = os.fstat(descriptor)
    regular = stat.S_ISREG(facts.st_mode)
    if not regular or (facts.st_nlink > 1 and not links):
        os.close(descriptor)
        _damaged(path, "has a second name (hard link)" if regular else "is not a regular file")
    return os.fdopen(descriptor, "rb")


def _digest(path: Path, file: BinaryIO) -> str:
    try:
        return file_digest(file, "sha256").hexdigest()  # pyright: ignore[reportArgumentType] - BinaryIO will do
    except OSError as fault:
        _damaged(path, f"cannot be read: {fault.strerror}")


def _ordered(tensors: Mapping[str, torch.Tensor]) -> list[tuple[str, torch.Tensor]]:
    """Widest numbers first, as the format's own writer does, so that every tensor is aligned."""
    import torch

    for name, tensor in tensors.items():
        _refuse_dtype(tensor, name, None)
        if tensor.layout != torch.strided or tensor.is_meta:
            raise ArtifactError("FILE-TENSOR", f"{quote(name)} is not a dense tensor with values")
    return sorted(tensors.items(), key=lambda pair: (-pair[1].element_size(), pair[0]))


def _raw(tensor: torch.Tensor) -> memoryview:
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _refuse_dtype(tensor: torch.Tensor, name: str, path: Path | None) -> None:
    if _dtype(tensor) not in _DTYPES:
        message = f"{quote(name)} is {_dtype(tensor)}; a model holds {', '.join(_DTYPES)}"
        raise ArtifactError("FILE-TENSOR", message, place=Place(str(path) if path else None))


def _damaged(path: Path, message: str, hint: str | None = None) -> NoReturn:
    raise ArtifactError("FILE-DAMAGED", message, place=Place(str(path)), hint=hint)
