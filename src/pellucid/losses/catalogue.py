"""Every loss."""

KINDS = {
    "cross_entropy": "pellucid.losses.parts:CrossEntropy",
    "binary_cross_entropy": "pellucid.losses.parts:BinaryCrossEntropy",
    "focal": "pellucid.losses.parts:Focal",
    "dice": "pellucid.losses.parts:Dice",
    "focal_giou": "pellucid.losses.parts:FocalGIoU",
    "mse": "pellucid.losses.parts:MSE",
    "mae": "pellucid.losses.parts:MAE",
    "huber": "pellucid.losses.parts:Huber",
    "pinball": "pellucid.losses.parts:Pinball",
    "skip_gram": "pellucid.losses.parts:SkipGram",
    "cosine_margin": "pellucid.losses.parts:CosineMargin",
    "triplet": "pellucid.losses.parts:Triplet",
}
