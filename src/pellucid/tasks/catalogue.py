"""Every task."""

KINDS = {
    "classification": "pellucid.tasks.classification:Classification",
    "multilabel": "pellucid.tasks.multilabel:Multilabel",
    "regression": "pellucid.tasks.regression:Regression",
}
