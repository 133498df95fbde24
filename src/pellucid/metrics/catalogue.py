"""Every metric: name -> "module:CONSTANT", the constant being a `Metric`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pellucid.errors import RecipeError, did_you_mean

if TYPE_CHECKING:
    from pellucid.metrics.metric import Metric

METRICS = {
    "accuracy": "pellucid.metrics.classification:ACCURACY",
    "top5_accuracy": "pellucid.metrics.classification:TOP5_ACCURACY",
    "balanced_accuracy": "pellucid.metrics.classification:BALANCED_ACCURACY",
    "precision": "pellucid.metrics.classification:PRECISION",
    "recall": "pellucid.metrics.classification:RECALL",
    "f1": "pellucid.metrics.classification:F1",
    "roc_auc": "pellucid.metrics.classification:ROC_AUC",
    "average_precision": "pellucid.metrics.classification:AVERAGE_PRECISION",
    "log_loss": "pellucid.metrics.classification:LOG_LOSS",
    "brier": "pellucid.metrics.classification:BRIER",
    "calibration_error": "pellucid.metrics.classification:CALIBRATION_ERROR",
    "mse": "pellucid.metrics.regression:MSE",
    "rmse": "pellucid.metrics.regression:RMSE",
    "mae": "pellucid.metrics.regression:MAE",
    "r2": "pellucid.metrics.regression:R2",
    "iou": "pellucid.metrics.segmentation:IOU",
    "dice": "pellucid.metrics.segmentation:DICE",
    "pixel_accuracy": "pellucid.metrics.segmentation:PIXEL_ACCURACY",
    "map": "pellucid.metrics.detection:MAP",
    "map50": "pellucid.metrics.detection:MAP50",
    "step_accuracy": "pellucid.metrics.steps:STEP_ACCURACY",
    "step_f1": "pellucid.metrics.steps:STEP_F1",
    "span_f1": "pellucid.metrics.steps:SPAN_F1",
    "bits_per_character": "pellucid.metrics.text:BITS_PER_CHARACTER",
    "perplexity": "pellucid.metrics.text:PERPLEXITY",
    "token_accuracy": "pellucid.metrics.text:TOKEN_ACCURACY",
    "bleu": "pellucid.metrics.text:BLEU",
    "chrf": "pellucid.metrics.text:CHRF",
    "exact_match": "pellucid.metrics.text:EXACT_MATCH",
    "neighbour_perplexity": "pellucid.metrics.text:NEIGHBOUR_PERPLEXITY",
    "skill": "pellucid.metrics.forecast:SKILL",
    "pinball": "pellucid.metrics.forecast:PINBALL",
    "coverage": "pellucid.metrics.forecast:COVERAGE",
    "pair_auc": "pellucid.metrics.verification:PAIR_AUC",
    "pair_accuracy": "pellucid.metrics.verification:PAIR_ACCURACY",
    "tar_at_far": "pellucid.metrics.verification:TAR_AT_FAR",
    "retrieval": "pellucid.metrics.verification:RETRIEVAL",
}


def metric(name: str) -> Metric:
    """The metric called `name`.

    Raises: RecipeError with the nearest known name.
    """
    if name not in METRICS:
        raise RecipeError("RECIPE-METRIC", f"no metric '{name}'", hint=did_you_mean(name, METRICS))
    module, _, constant = METRICS[name].partition(":")
    return getattr(importlib.import_module(module), constant)
