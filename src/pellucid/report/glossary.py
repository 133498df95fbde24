"""Words of the trade a newcomer meets in a report, each in one sentence."""

from __future__ import annotations

WORDS = {
    "accuracy": "The share of examples the network gets right.",
    "balanced accuracy": "The share right of each class, averaged, so that a rare class counts like a frequent one.",
    "baseline": "A simple model that a network has to beat to be worth its cost.",
    "bootstrap": "Drawing the test rows again and again with replacement, to see how much the score depends on them.",
    "calibration": "Whether what is predicted with 80 % confidence is right 80 % of the time.",
    "calibration error": "The mean distance between confidence and how often it was right; 0 is perfect.",
    "confusion matrix": "A table of what each class was taken for; the diagonal is what was right.",
    "cross-entropy": "The usual loss of classification: large where the network was sure and wrong.",
    "epoch": "One pass over all training rows.",
    "F1": "One number for precision and recall: high only if both are.",
    "interval": "The range in which the score would fall on 95 of 100 samples like this one.",
    "learning rate": "How far each step moves the weights.",
    "log loss": "Minus the logarithm of the probability given to what was true; it punishes being sure and wrong.",
    "loss": "The number training makes small; lower is better.",
    "one against the rest": "Each class in turn is called positive and all others negative.",
    "overfitting": "Learning the training rows by heart, so that new rows are predicted worse.",
    "parameter": "A number inside the network that training adjusts.",
    "precision": "Of the rows called positive, the share that is.",
    "R2": "Share of the variation that is explained: 1 is perfect, 0 is what always predicting the mean gives.",
    "recall": "Of the rows that are positive, the share that was found.",
    "residual": "Prediction minus truth.",
    "ROC AUC": "How often a random positive row gets a higher score than a random negative one; 0.5 is guessing.",
    "average precision": "The area under the precision-recall curve: 1 is perfect, the share of positives is guessing.",
    "Brier score": "The mean squared distance between probabilities and what happened; 0 is perfect.",
    "root mean squared error": "The typical size of an error, in the units of the target; large errors count more.",
    "mean squared error": "The mean of the squared errors; large errors count most.",
    "mean absolute error": "The mean size of an error, in the units of the target.",
    "step": "One update of the weights.",
    "test": "Rows that were set aside before training and used only for the final score.",
    "threshold": "The probability from which an example is called positive.",
    "training": "The rows the network learnt from.",
    "validation": "Rows that chose when to stop and which weights to keep; no weight was learnt from them.",
}
"""Word -> one sentence."""
