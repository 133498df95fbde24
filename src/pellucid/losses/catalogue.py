"""Every loss."""

KINDS = {
    "cross_entropy": "pellucid.losses.parts:CrossEntropy",
    "binary_cross_entropy": "pellucid.losses.parts:BinaryCrossEntropy",
    "focal": "pellucid.losses.parts:Focal",
    "mse": "pellucid.losses.parts:MSE",
    "mae": "pellucid.losses.parts:MAE",
    "huber": "pellucid.losses.parts:Huber",
}
