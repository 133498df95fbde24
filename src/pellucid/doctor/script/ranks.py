"""Trainings in several processes: the first one tells, and a launcher of processes starts each under watch."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

LAUNCHERS = ("torch.distributed.run", "torch.distributed.launch")


def place() -> tuple[int, int] | None:
    """(number of this process, how many there are) of those that a launcher started to train together."""
    rank, world = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    return (int(rank), int(world)) if rank.isdigit() and world.isdigit() else None


def quiet_rank() -> bool:
    """Whether this process is one of several that train together, and not the first."""
    here = place()
    return here is not None and here[0] > 0


def through(module: str, args: list[str], options: Sequence[str]) -> list[str] | None:
    """What a launcher is given so that the processes it starts run under watch; None for any other module.

    Args:
        options: those of `pellucid doctor`.
    """
    if module not in LAUNCHERS:
        return None
    from torch.distributed.run import get_args_parser

    sys.modules.pop(module, None)  # it is about to be run, and runpy warns of what is imported already
    parsed = get_args_parser().parse_args(args)
    front = args[: len(args) - len(parsed.training_script_args) - 1]
    watched = ["doctor", *options, *(["-m"] if parsed.module else []), parsed.training_script]
    return [*front, *([] if parsed.module else ["-m"]), "pellucid", *watched, *parsed.training_script_args]
