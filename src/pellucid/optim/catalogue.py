"""Every optimizer."""

KINDS = {
    "sgd": "pellucid.optim.optimizers:SGD",
    "rmsprop": "pellucid.optim.optimizers:RMSProp",
    "adagrad": "pellucid.optim.optimizers:Adagrad",
    "adam": "pellucid.optim.optimizers:Adam",
    "adamw": "pellucid.optim.optimizers:AdamW",
}
