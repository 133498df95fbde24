"""Every task."""

KINDS = {
    "classification": "pellucid.tasks.classification:Classification",
    "multilabel": "pellucid.tasks.multilabel:Multilabel",
    "regression": "pellucid.tasks.regression:Regression",
    "segmentation": "pellucid.tasks.segmentation:Segmentation",
    "detection": "pellucid.tasks.detection:Detection",
    "verification": "pellucid.tasks.verification:Verification",
}
