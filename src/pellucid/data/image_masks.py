"""Masks: a class for each pixel, from files or arrays, and which class each value in them means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pellucid.data import decode
from pellucid.data.image_raw import Found, Marked, MaskMeaning
from pellucid.errors import DataError, Place, quote
from pellucid.forms import UNJUDGED

MOST_COLOURS = 32
"""Colours of all masks together: more are a photograph, not a mask."""
MOST_CLASSES = 255
ANY = "where each object has a number of its own, data.mask: any takes all above 0 as one class"
BACKGROUND = "background"


def from_file(path: Path, place: Place, meaning: MaskMeaning) -> Marked:
    """The mask in a file: a palette or grey image of codes, or one of few colours.

    Raises: DataError where it cannot be decoded, or holds too many values for classes.
    """
    values, colour = decode.codes(path, place)
    return marked(values, place, meaning, colour)


def marked(values_HW: np.ndarray, place: Place, meaning: MaskMeaning, colour: bool = False) -> Marked:
    """The different values of a mask, and which of them each pixel has."""
    if values_HW.dtype.kind not in "biu" or values_HW.ndim != 2:
        message = f"a mask is whole numbers, height x width; this has dtype {values_HW.dtype}, shape {values_HW.shape}"
        raise DataError("DATA-TARGET", message, place=place)
    if meaning == "any":
        return Marked((values_HW != 0).astype(np.uint8), (0, 1))
    if values_HW.size and values_HW.min() < 0:
        raise DataError("DATA-TARGET", f"a mask holds the code {values_HW.min()}", place=place)
    if values_HW.dtype == np.uint8:  # nearly all masks: no sorting
        found = np.flatnonzero(np.bincount(values_HW.reshape(-1), minlength=256))
        table = np.zeros(256, np.uint8)
        table[found[:MOST_CLASSES]] = np.arange(min(len(found), MOST_CLASSES))
        index_HW = table[values_HW]
    else:
        found, index_HW = np.unique(values_HW, return_inverse=True)
    if len(found) > (MOST_COLOURS if colour else MOST_CLASSES):
        what = "colours" if colour else "values"
        message = f"a mask of {len(found):,} different {what} names no classes"
        raise DataError("DATA-TARGET", message, place=place, hint=ANY)
    return Marked(index_HW.astype(np.uint8).reshape(values_HW.shape), tuple(map(int, found)), colour)


def plain(value: int) -> bool:
    """Whether a colour is a shade of grey."""
    return value >> 16 == value >> 8 & 255 == value & 255


class Meaning:
    """Which class each value of the masks of a set means."""

    def __init__(self, classes: tuple[str, ...], marks: tuple[int, ...], colours: bool, note: str = "") -> None:
        self.classes = classes
        self.marks = marks
        """The value that stands for each class; empty: its code."""
        self.note = note
        self._colours = colours
        self._code = {value: code for code, value in enumerate(marks or range(len(classes)))}

    def table(self, found: Marked, place: Place) -> np.ndarray:
        """uint8: the code of each index of one mask. Raises: DataError for a value that is no class."""
        table_256 = np.full(256, UNJUDGED, np.uint8)
        for index, value in enumerate(found.values):
            value = value & 255 if found.colour and not self._colours and plain(value) else value
            if value in self._code:
                table_256[index] = self._code[value]
            elif value != UNJUDGED or (found.colour and self._colours):
                what = _colour(value) if found.colour else str(value)
                message = f"a mask holds {what}, which is none of the {len(self.classes)} classes"
                raise DataError("DATA-TARGET", message, place=place)
        return table_256


def check_named(found: Marked, classes: tuple[str, ...] | None, place: Place) -> None:
    """Raises: DataError where a mask in memory holds a code beyond the classes that are named with it."""
    strange = next((value for value in found.values if len(classes or ()) <= value != UNJUDGED), None)
    if classes is not None and strange is not None:
        message = f"{len(classes)} classes are named; a mask holds the code {strange}"
        raise DataError("DATA-ARRAY", message, place=place, hint="codes start at 0; 255 is not judged")


def refuse_constant(count_256: np.ndarray, classes: tuple[str, ...], source: str) -> None:
    """Raises: DataError where no pixel of all masks is judged, or only one class occurs."""
    found = [name for name, count in zip(classes, count_256.tolist(), strict=False) if count]
    if len(found) < 2:
        message = f"holds one class only: {quote(found[0])}" if found else "no pixel of the masks is judged"
        raise DataError("DATA-CLASS", message, place=Place(source), hint="at least two classes are needed")


def known(classes: tuple[str, ...], marks: tuple[int, ...]) -> Meaning:
    """The meaning that training found, for new masks."""
    return Meaning(classes, marks, any(value > UNJUDGED for value in marks))


def settle(found: Sequence[Marked], told: Found, source: str, meaning: MaskMeaning) -> Meaning:
    """What the values of all masks together mean.

    Codes are themselves, {0, 255} is {0, 1}, 255 beside other codes is not judged, and colours, or codes with gaps
    that nobody names, are classes in their order.

    Raises: DataError where names are told and do not go with the values, or where nobody names very many.
    """
    names, marks = told.classes, told.marks
    colours = any(mask.colour and not all(map(plain, mask.values)) for mask in found)
    grey = {plain(value) for mask in found if not mask.colour for value in mask.values}
    place = Place(source)
    if colours and grey:
        raise DataError("DATA-TARGET", "some masks are in colour, others hold codes", place=place)
    values = {value if colours else value & 255 if mask.colour else value for mask in found for value in mask.values}
    if colours and len(values) > MOST_COLOURS:
        message = f"the masks have {len(values):,} different colours; at most {MOST_COLOURS} are classes"
        raise DataError("DATA-TARGET", message, place=place)
    if marks and names:
        return Meaning(names, marks, colours)
    codes = sorted(values if colours else values - {UNJUDGED})
    if not names and len(codes) > MOST_COLOURS:
        message = f"the masks have {len(codes):,} different values; at most {MOST_COLOURS} are classes without names"
        raise DataError("DATA-TARGET", message, place=place, hint=ANY)
    if not colours and UNJUDGED in values <= {0, UNJUDGED} and (names is None or len(names) == 2):
        marks = (0, UNJUDGED)
    elif colours or (max(codes, default=0) >= len(names) if names else codes != list(range(len(codes)))):
        marks = tuple(codes)
    count = len(marks or names or codes)
    if names and count != len(names):
        what = ", ".join(_colour(value) if colours else str(value) for value in marks[:5])
        message = f"{len(names)} classes are named; the masks hold {count} values: {what}"
        raise DataError("DATA-TARGET", message, place=place)
    classes = names or _names(marks or tuple(range(count)), colours, meaning)
    return Meaning(classes, marks, colours, _note(classes, marks, colours))


def _names(marks: tuple[int, ...], colours: bool, meaning: MaskMeaning) -> tuple[str, ...]:
    if meaning == "any":
        return (BACKGROUND, "object")
    if marks == (0, UNJUDGED) and not colours:
        return (BACKGROUND, "class 1")
    return tuple(BACKGROUND if not value else f"class {_colour(value) if colours else value}" for value in marks)


def _note(classes: tuple[str, ...], marks: tuple[int, ...], colours: bool) -> str:
    if not marks:
        return ""
    pairs = zip(classes, marks, strict=True)
    shown = ", ".join(f"{_colour(value) if colours else value} is {name}" for name, value in pairs)
    return f"{'colours' if colours else 'values'} of the masks became classes in their order: {shown}"


def _colour(value: int) -> str:
    return f"#{value:06x}"
