"""Where tensors live and how they are computed: machine facts, threads, precision and layout."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pellucid.errors import ResourceError

SPIN_COUNT = "20000"
"""Turns an OpenMP thread waits before it sleeps. With libgomp's own default one busy neighbour slows a step of a small
network by a hundred times; this keeps the speed of spinning on a quiet machine (see docs/engine.md)."""


def set_spin_count() -> None:
    """Bounds OpenMP's busy waiting. Has an effect only before torch is imported, so launchers call it first."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)


@dataclass(frozen=True)
class Machine:
    """What the engine's choices may depend on; all of it is recorded in `run.json`."""

    cores: int
    memory: int
    """Bytes."""
    bfloat16: bool
    """Whether the processor multiplies bfloat16 itself (AVX512-BF16 or AMX); elsewhere it is slower than float32."""
    accelerator: str | None
    """cuda or mps, where there is one."""


@lru_cache
def machine() -> Machine:
    """The facts of this machine; imports torch."""
    import torch

    flags = _cpu_flags()
    accelerator = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
    bfloat16 = "avx512_bf16" in flags or "amx_bf16" in flags
    return Machine(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
                   os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), bfloat16, accelerator)  # fmt: skip


def exactness() -> dict[str, str | int | bool]:
    """What bit-exact resumption rests on, beside recipe and data: a run resumes exactly only where these are equal."""
    import torch

    return {
        "torch": torch.__version__.split("+")[0],
        "capability": torch.backends.cpu.get_cpu_capability(),
        "processor": platform.machine(),
        "system": platform.system(),
    }


def pick(device: str) -> str:
    """The device that `auto` means here, or the one asked for.

    Raises: ResourceError where that device is not there.
    """
    found = machine().accelerator
    if device == "auto":
        return found or "cpu"
    if device not in ("cpu", found):
        raise ResourceError("DEVICE-MISSING", f"no {device} device here", hint="device: auto takes what there is")
    return device


@contextmanager
def computing(threads: int | None) -> Iterator[None]:
    """Sets the number of threads, and deterministic kernels, and restores both afterwards."""
    import torch

    memory: Any = torch.utils.deterministic  # its one switch is a property of the module, which types cannot show

    before = torch.get_num_threads(), torch.get_deterministic_debug_mode(), memory.fill_uninitialized_memory
    if threads is not None and threads != before[0]:
        torch.set_num_threads(threads)
    # the debug mode "error" is the same switch as `use_deterministic_algorithms`, which would import the compiler (1 s)
    torch.set_deterministic_debug_mode("error")
    memory.fill_uninitialized_memory = False  # no kernel of ours reads memory before it writes it
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before[1])
        memory.fill_uninitialized_memory = before[2]
        if torch.get_num_threads() != before[0]:
            torch.set_num_threads(before[0])


def _cpu_flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return set()
    for line in info.read_text().splitlines():
        if line.startswith(("flags", "Features")):
            return set(line.split(":", 1)[1].split())
    return set()
