"""Toy texts, made here by small grammars: tunes, sentences and their translation, sentences whose words are tagged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeVar

from pellucid.seeds import Draw

T = TypeVar("T")
Pick = Callable[[Sequence[T]], T]

SCALES = {
    "C": "C4 D4 E4 F4 G4 A4 B4 C5 D5 E5 F5 G5",
    "G": "G3 A3 B3 C4 D4 E4 F#4 G4 A4 B4 C5 D5",
    "D": "D4 E4 F#4 G4 A4 B4 C#5 D5 E5 F#5 G5 A5",
    "F": "F3 G3 A3 Bb3 C4 D4 E4 F4 G4 A4 Bb4 C5",
}
CHORDS = {"I": (0, 2, 4), "IV": (3, 5, 7), "V": (1, 4, 6)}
"""Degrees of the scale that are in each chord."""
RHYTHMS = {4: ((1, 1, 1, 1), (2, 1, 1), (1, 1, 2), (2, 2)), 3: ((1, 1, 1), (2, 1), (1, 2))}
"""Metre (beats in a bar) -> lengths of the notes of a bar."""
PHRASES = (("I", "IV", "V", "I"), ("I", "V", "V", "I"), ("I", "IV", "I", "V"))

# English word -> (word, gender)
NOUNS = {
    "cat": ("gat", "o"), "dog": ("kan", "o"), "horse": ("kaval", "o"), "farmer": ("agrik", "o"), "boy": ("pul", "o"),
    "tree": ("arb", "o"), "girl": ("filet", "a"), "queen": ("regin", "a"), "house": ("dom", "a"), "star": ("stel", "a"),
    "bird": ("av", "a"), "river": ("fluv", "a"),
}  # fmt: skip
ADJECTIVES = {"small": "pikol", "red": "ruv", "old": "vek", "happy": "gai", "quick": "rapid", "white": "blank"}
VERBS = {"see": "vid", "love": "am", "follow": "sekv", "find": "trov", "hear": "aud", "want": "vol"}
DETERMINERS = {"the": "l", "this": "st", "my": "mi"}

FIRST_NAMES = tuple("Jordan Paris Victoria Sydney Austin Anna Peter Maria Otto Ruth Ivan Nora Hugo Clara".split())
PLACES = tuple("Jordan Paris Victoria Sydney Austin Lisbon Oslo Cairo Lima Kyoto Zurich Quito Dakar Riga".split())
FIRMS = tuple("Apple Shell Amazon Orange Acme Globex Initech Umbra Vertex Solara Norvik Tramont".split())
FRAMES = (
    "yesterday PER flew from LOC to LOC .", "PER works for ORG in LOC .", "the offices of ORG in LOC are closed .",
    "ORG hired PER in LOC .", "PER said that ORG will leave LOC .", "it rained in LOC when PER arrived .",
    "shares of ORG fell after PER left .", "PER and PER met in LOC .", "the city of LOC thanked PER .",
    "she bought shares of ORG from PER .", "an orange fell from a shell on the table .", "ORG opened a shop near LOC .",
    "the people of LOC like PER .", "PER , who was born in LOC , founded ORG .",
)  # fmt: skip
"""Sentences; PER, LOC and ORG stand for a name. Some names are of two kinds, so the frame must tell which."""


def melodies(count: int) -> list[str]:
    """Tunes of sixteen bars in the form A A B A, as words such as `C4:2` (note and beats); `|` ends a bar.

    Strong beats are on notes of the chord, other notes step to a neighbour, and the tune ends on the tonic.
    """
    made: dict[str, None] = {}
    draw = Draw(0, "melodies")
    index = 0
    while len(made) < count:
        pick, index = _picker(draw.at(index)), index + 1
        notes = SCALES[pick(tuple(SCALES))].split()
        metre = pick(tuple(RHYTHMS))
        first, second = ([_bar(pick, chord, metre) for chord in pick(PHRASES)] for _ in range(2))
        ending = [*first[:3], [(0, metre)]]
        bars = [*first, *ending, *second, *ending]
        made[" | ".join(" ".join(f"{notes[degree]}:{beats}" for degree, beats in bar) for bar in bars) + " |"] = None
    return list(made)


def toy_translation(count: int) -> list[tuple[str, str]]:
    """Distinct English sentences and what they are in a made-up language.

    There the verb stands last and agrees with the subject's number; adjectives follow their noun, and articles and
    adjectives agree with its gender and number.
    """
    made: dict[str, str] = {}
    draw = Draw(0, "translation")
    index = 0
    while len(made) < count:
        pick, index = _picker(draw.at(index)), index + 1
        (subject, subjekt, many), (thing, objekt, _) = _phrase(pick), _phrase(pick)
        verb = pick(tuple(VERBS))
        tense, ending = pick((("", "e"), ("did", "i"), ("will", "u")))
        spoken = f"{tense} {verb}" if tense else verb if many else f"{verb}s"
        made[f"{subject} {spoken} {thing}"] = f"{subjekt} {objekt} {VERBS[verb]}{ending}{'n' if many else 't'}"
    return list(made.items())


def tagged(count: int) -> list[list[tuple[str, str]]]:
    """Distinct sentences of (word, tag): who (PER), where (LOC), which firm (ORG), and O for every other word."""
    names = {"PER": FIRST_NAMES, "LOC": PLACES, "ORG": FIRMS}
    made: dict[tuple[tuple[str, str], ...], None] = {}
    draw = Draw(0, "tagged")
    index = 0
    while len(made) < count:
        pick, index = _picker(draw.at(index)), index + 1
        words = pick(FRAMES).split()
        made[tuple((pick(names[word]), f"B-{word}") if word in names else (word, "O") for word in words)] = None
    return [list(sentence) for sentence in made]


def part_of(text: str) -> str:
    """The part a text is in, by its SHA-256: 80 % train, 10 % choose, 10 % judge."""
    place = int(sha256(text.encode()).hexdigest()[:8], 16) % 10
    return "test" if place == 9 else "valid" if place == 8 else "train"


def _picker(draw: Draw) -> Pick:
    """Takes one of some options each time, all of them equally often."""
    numbers = iter(draw.uniform((400,)).tolist())
    return lambda options: options[int(next(numbers) * len(options))]


def _bar(pick: Pick, chord: str, metre: int) -> list[tuple[int, int]]:
    """(degree, beats) of the notes of one bar."""
    degree = pick(CHORDS[chord])
    bar = []
    for place, beats in enumerate(pick(RHYTHMS[metre])):
        if place:
            degree = min(max(degree + pick((-2, -1, -1, 0, 1, 1, 2)), 0), 11)
        bar.append((degree, beats))
    return bar


def _phrase(pick: Pick) -> tuple[str, str, bool]:
    """A noun with what belongs to it in both languages, and whether there are several."""
    noun, many = pick(tuple(NOUNS)), pick((False, True))
    determiner = pick(tuple(DETERMINERS))
    adjectives = pick(((), (pick(tuple(ADJECTIVES)),), (pick(tuple(ADJECTIVES)),)))
    if determiner == "this" and many:
        english = ["these", *adjectives, f"{noun}s"]
    else:
        english = [determiner, *adjectives, f"{noun}s" if many else noun]
    stem, gender = NOUNS[noun]
    ending = gender + "s" * many
    words = [DETERMINERS[determiner], stem, *(ADJECTIVES[word] for word in adjectives)]
    return " ".join(english), " ".join(word + ending for word in words), many
