"""Reads a table that pandas froze (a pickle file) without thawing anything: no name in the file is looked up or called.

The stream is a program for a small stack machine (Python's `pickletools` describes it). Here what it would call is only
noted, as `Call(name, arguments, state)`, so the file can do nothing; the blocks of the frame are then found by name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Call:
    """A call that was noted and not made."""

    name: str
    given: tuple[Any, ...]
    state: Any = None
    items: list[Any] = field(default_factory=list)


_MARK = object()
_SIZED = {0x8C: "<B", 0x58: "<I", 0x8D: "<Q", 0x43: "<B", 0x42: "<I", 0x8E: "<Q", 0x96: "<Q"}
"""Opcode -> how the length of the text or the bytes behind it is written."""
_TEXTS = frozenset({0x8C, 0x58, 0x8D})
_NUMBERS = {0x4A: "<i", 0x4B: "<B", 0x4D: "<H", 0x47: ">d"}
_SKIPPED = {0x80: 1, 0x95: 8}
"""Protocol and frame: opcodes that say nothing, and how many bytes they take."""
_CONSTANTS: dict[int, Callable[[], Any]] = {
    0x4E: lambda: None, 0x88: lambda: True, 0x89: lambda: False, 0x7D: dict, 0x5D: list, 0x29: tuple,
    0x28: lambda: _MARK,
}  # fmt: skip
_TUPLES = {0x85: 1, 0x86: 2, 0x87: 3}


def read_frame(data: bytes) -> dict[str, list[str] | np.ndarray]:
    """The columns of a frozen frame: texts as lists, numbers as arrays.

    Raises: ValueError where it is no such file.
    """
    try:
        frame = _outline(data)
        blocks, axes = frame.state["_mgr"].given[:2]
        names = _texts(axes[0].given[1]["data"])
        columns: dict[str, list[str] | np.ndarray] = {}
        for block in blocks:
            values, place, _ = block.given
            rows = _values(values)
            columns |= {names[at]: row for at, row in zip(range(*place.given), rows, strict=True)}
    except (IndexError, KeyError, AttributeError, TypeError, struct.error) as fault:
        raise ValueError(f"is no frame that pandas froze: {fault}") from None
    return {name: columns[name] for name in names}


def _outline(data: bytes) -> Any:
    stack: list[Any] = []
    memo: list[Any] = []
    at = 0
    while True:
        code, at = data[at], at + 1
        if code == 0x2E:
            return stack.pop()
        if code in _SKIPPED:
            at += _SKIPPED[code]
        elif code in _SIZED:
            size = struct.calcsize(_SIZED[code])
            (length,) = struct.unpack_from(_SIZED[code], data, at)
            value = data[at + size : at + size + length]
            stack.append(value.decode() if code in _TEXTS else value)
            at += size + length
        elif code in _NUMBERS:
            stack.append(struct.unpack_from(_NUMBERS[code], data, at)[0])
            at += struct.calcsize(_NUMBERS[code])
        elif code in (0x68, 0x6A):
            layout = "<B" if code == 0x68 else "<I"
            stack.append(memo[struct.unpack_from(layout, data, at)[0]])
            at += struct.calcsize(layout)
        elif code == 0x94:
            memo.append(stack[-1])
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code]())
        else:
            _gather(code, stack)


def _gather(code: int, stack: list[Any]) -> None:
    """The opcodes that put together what lies on the stack."""
    if code in _TUPLES:
        stack[-_TUPLES[code] :] = [tuple(stack[-_TUPLES[code] :])]
    elif code == 0x74:
        stack.append(tuple(_marked(stack)))
    elif code == 0x65:
        items = _marked(stack)
        stack[-1].extend(items)
    elif code == 0x75:
        items = _marked(stack)
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
    elif code == 0x73:
        value, name = stack.pop(), stack.pop()
        stack[-1][name] = value
    elif code == 0x93:
        name, module = stack.pop(), stack.pop()
        stack.append(f"{module}.{name}")
    elif code in (0x52, 0x81):
        given, name = stack.pop(), stack.pop()
        stack.append(Call(name, given))
    elif code == 0x62:
        state = stack.pop()
        stack[-1].state = state
    else:
        raise ValueError(f"is no frame that pandas froze: opcode {code:#x}")


def _marked(stack: list[Any]) -> list[Any]:
    start = len(stack) - 1 - stack[::-1].index(_MARK)
    items = stack[start + 1 :]
    del stack[start:]
    return items


def _values(values: Call) -> list[list[str]] | np.ndarray:
    """The rows of a block: numbers from a buffer, or texts in the order in which they were written."""
    if values.name.endswith("_frombuffer"):
        buffer, kind, shape, order = values.given
        return np.frombuffer(buffer, kind.state[1] + kind.given[0]).reshape(shape, order=order)
    _, (count, length), _, column_major, items = values.state
    if column_major:
        return [items[at::count] for at in range(count)]
    return [items[at * length : (at + 1) * length] for at in range(count)]


def _texts(values: Call) -> list[str]:
    return list(values.state[4])
