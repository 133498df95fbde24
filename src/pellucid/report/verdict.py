"""The verdict in plain sentences: how good, how sure, whether a simpler model does as well, and what misleads."""

from __future__ import annotations

from typing import Any

from pellucid.report.words import interval, plural, score, share

IMBALANCED = 0.8
"""Share of the largest class above which accuracy alone misleads."""
FEW = 100
"""Test rows below which a score is called rough."""


def imbalance(names: list[str], counts: list[int], metrics: list[str]) -> dict[str, Any] | None:
    """A warning where one class is so large that accuracy looks good for a model that learnt nothing."""
    total = sum(counts)
    if not total or "accuracy" not in metrics:
        return None
    largest = max(range(len(counts)), key=counts.__getitem__)
    portion = counts[largest] / total
    if portion <= IMBALANCED:
        return None
    message = (
        f"{share(portion)} of the rows are of class {names[largest]}, so always answering {names[largest]} is already "
        f"{share(portion)} accurate: accuracy misleads here. "
        "Balanced accuracy, shown beside it, counts every class alike."
    )
    return {
        "check": "class-imbalance",
        "severity": "warning",
        "message": message,
        "place": "task.metrics",
        "evidence": {"largest_share": round(portion, 4), "largest_class": names[largest]},
        "cure": "Judge by balanced accuracy, ROC AUC or F1: put one of them first in task.metrics.",
        "reference": "",
    }


def verdict(facts: dict[str, Any]) -> dict[str, Any]:
    """Headline, sentences and tone (good, unclear, poor) from the scores and the ladder of a report."""
    metric, ladder = facts["metric"], facts["ladder"]
    own = facts["scores"][facts["judged"]].get(metric["name"], {})
    comparison, tone = _comparison(metric, ladder)
    sentences = [_own_score(metric, own, facts["judged"], facts["judged_rows"]), comparison]
    if any(finding["check"] == "nothing-aside" for finding in facts["data"]["findings"]):
        sentences.append("The validation rows are the training rows: this score says nothing about new ones.")
    elif facts["judged"] != "test":
        sentences.append(
            "There is no test part: the validation rows also chose the weights, so this score is too kind."
        )
    elif facts["judged_rows"] < FEW:
        sentences.append(f"Only {plural(facts['judged_rows'], 'test row')}: take the score as rough.")
    if facts["warnings"]:
        sentences.append(facts["warnings"][0]["message"])
    return {"headline": _headline(ladder, tone), "sentences": sentences, "tone": tone}


def _headline(ladder: dict[str, Any], tone: str) -> str:
    best = ladder["best"]
    if tone == "good":
        return f"The network beats the simpler models, {best['title'].lower()} included."
    if tone == "worse":
        return f"The network is worse than {best['title'].lower()}. Use the simpler model."
    if tone == "same":
        return f"The network is no better than {best['title'].lower()}. Use the simpler model."
    return "The network was trained; it cannot be compared with simpler models."


def _own_score(metric: dict[str, Any], own: dict[str, Any], judged: str, rows: int) -> str:
    name = {"test": "test rows it never saw", "valid": "validation rows"}[judged]
    if own.get("value") is None:
        return f"The {metric['title']} is undefined on these {plural(rows, 'row')}: a class is missing among them."
    sentence = f"On {rows:,} {name} the {metric['title']} is {score(own['value'])}"
    if own.get("low") is None:
        return sentence + "."
    return f"{sentence}; other rows might as well have given {interval(own['low'], own['high'])} (95 % interval)."


def _comparison(metric: dict[str, Any], ladder: dict[str, Any]) -> tuple[str, str]:
    best, gap = ladder["best"], ladder["difference"]
    if best is None or gap is None or gap["low"] is None:
        why = "the score is undefined" if best is None or gap is None or gap["value"] is None else "too few rows judge"
        return f"Network and baselines cannot be compared: {why}.", "unclear"
    scores = f"{metric['title']} {score(gap['network'])} against {score(gap['baseline'])}"
    noise = f"advantage {score(gap['value'])}, 95 % interval {interval(gap['low'], gap['high'])}"
    name = f"the best baseline ({best['name']})"
    if gap["low"] > 0:
        return f"The network is better than {name}: {scores}; {noise}.", "good"
    if gap["high"] < 0:
        return f"The network is worse than {name}: {scores}; {noise}.", "worse"
    return f"The network is no better than {name}: {scores}; {noise}. Use the simpler model.", "same"
