"""What every program of the zoo is asked, and what it tells at its end."""

import argparse
import json
import math

import torch


def arguments() -> argparse.Namespace:
    """`--healthy` for the twin without the fault, `--seed` for weights, data and order."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--healthy", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    return options


def tell(score: float) -> None:
    """Prints the score on rows that were not trained on; larger is better."""
    print(json.dumps({"score": round(float(score), 4) if math.isfinite(score) else None}))
