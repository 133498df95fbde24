"""Every task."""

KINDS = {
    "classification": "pellucid.tasks.classification:Classification",
    "multilabel": "pellucid.tasks.multilabel:Multilabel",
    "regression": "pellucid.tasks.regression:Regression",
    "segmentation": "pellucid.tasks.segmentation:Segmentation",
    "detection": "pellucid.tasks.detection:Detection",
    "verification": "pellucid.tasks.verification:Verification",
    "labelling": "pellucid.tasks.labelling:Labelling",
    "language": "pellucid.tasks.language:Language",
    "embedding": "pellucid.tasks.embedding:Embedding",
    "translation": "pellucid.tasks.translation:Translation",
    "forecasting": "pellucid.tasks.forecasting:Forecasting",
}
