from __future__ import annotations

import csv
from collections import Counter

from pellucid.data.embedded import EMBEDDED
from pellucid.data.toy_texts import ADJECTIVES, NOUNS, SCALES, melodies, part_of, tagged, toy_translation


def rows(name: str) -> list[dict[str, str]]:
    with EMBEDDED[name].path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_tunes_keep_their_key_and_metre_and_end_on_the_tonic():
    scales = [set(notes.split()) for notes in SCALES.values()]
    for tune in melodies(60):
        bars = [[note.split(":") for note in bar.split()] for bar in tune.removesuffix(" |").split(" | ")]
        assert len(bars) == 16 and len({sum(int(beats) for _, beats in bar) for bar in bars}) == 1
        assert any({note for bar in bars for note, _ in bar} <= scale for scale in scales)
        assert bars[0:3] == bars[4:7] == bars[12:15] and bars[7] == bars[15] and len(bars[15]) == 1
        assert bars[15][0][0] in {notes.split()[0] for notes in SCALES.values()}


def test_translations_agree_and_put_the_verb_last():
    pairs = toy_translation(300)
    assert len({source for source, _ in pairs}) == 300
    words = {stem + gender + plural: (gender, plural) for stem, gender in NOUNS.values() for plural in ("", "s")}
    for source, target in pairs:
        *phrases, verb = target.split()
        nouns = [(place, words[word]) for place, word in enumerate(phrases) if word in words]
        assert len(nouns) == 2
        ends = [nouns[1][0] - 1, len(phrases)]
        for (place, (gender, plural)), start, end in zip(nouns, (0, ends[0]), ends, strict=True):
            assert all(word.endswith(gender + plural) for word in phrases[start:end]) and place == start + 1
        assert verb.endswith("n" if nouns[0][1][1] else "t")
        assert sum(word in ADJECTIVES for word in source.split()) == len(phrases) - 4


def test_tags_follow_the_frame_where_a_name_is_of_two_kinds():
    sentences = tagged(400)
    assert len({tuple(sentence) for sentence in sentences}) == 400
    tags: dict[str, set[str]] = {}
    for word, tag in (pair for sentence in sentences for pair in sentence):
        tags.setdefault(word, set()).add(tag)
    assert tags["Paris"] == {"B-PER", "B-LOC"} and tags["Anna"] == {"B-PER"} and tags["orange"] == {"O"}
    assert set().union(*tags.values()) == {"O", "B-PER", "B-LOC", "B-ORG"}


def test_the_committed_texts_are_those():
    tunes = melodies(600)
    assert [(row["text"], row["split"]) for row in rows("melodies")] == [(tune, part_of(tune)) for tune in tunes]
    made = [(source, target, part_of(source)) for source, target in toy_translation(3000)]
    assert [(row["source"], row["target"], row["split"]) for row in rows("toy_translation")] == made
    text = EMBEDDED["tagged"].path.read_text(encoding="utf-8")
    blocks = [[tuple(line.split()) for line in block.splitlines()] for block in text.split("\n\n")]
    assert blocks == tagged(1500)


def test_questions_have_several_wordings_and_answers_that_are_learned():
    questions = rows("questions")
    assert len({row["source"] for row in questions}) == 180
    assert set(Counter(row["target"] for row in questions).values()) == {3}
    learned = {row["target"] for row in questions if row["split"] == "train"}
    assert learned == {row["target"] for row in questions}
    assert Counter(row["split"] for row in questions) == {"train": 120, "valid": 30, "test": 30}
