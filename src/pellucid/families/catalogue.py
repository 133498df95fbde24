"""Every family."""

KINDS = {
    "mlp": "pellucid.families.mlp:MLP",
    "cnn": "pellucid.families.cnn:CNN",
    "foreign": "pellucid.families.foreign:Foreign",
}
