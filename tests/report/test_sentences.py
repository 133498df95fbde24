"""Translation: what a copy and a dictionary score, and sentences from the best to the worst."""

from __future__ import annotations

from pellucid.metrics.catalogue import metric
from pellucid.report.outcome import outcome
from pellucid.report.sentences import baselines, sentences_section, spelt


def test_a_dictionary_beats_a_copy(sequence) -> None:
    evidence = sequence("translation")
    test = outcome(evidence, "test")
    copy, dictionary = baselines(evidence, test, test, test)
    chrf = metric("chrf")
    scores = [chrf.measure(rung.prediction, test.truth, None) for rung in (copy, dictionary)]
    assert scores[1] > scores[0] + 20
    assert copy.prediction.label.shape == test.truth.shape


def test_examples_go_from_the_best_to_the_worst(sequence) -> None:
    evidence = sequence("translation")
    test = outcome(evidence, "test")
    assert len(test) == type(evidence.task).writes == len(spelt(test))
    # the truth itself, but for one row
    label = test.truth.clamp_min(0)
    label[7] = 0
    test = type(test)("test", test.batch, label, test.prediction._replace(label=label), test.truth)
    found = sentences_section(evidence, test, test)
    assert found["exact"] == len(test) - 1
    assert found["examples"]["best"][0]["score"] == 100 and found["examples"]["worst"][0]["score"] == 0
    worst = found["examples"]["worst"][0]
    assert worst["written"] == "" and worst["reference"] and worst["source"]
