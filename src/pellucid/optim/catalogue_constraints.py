"""Every constraint."""

KINDS = {"max_norm": "pellucid.optim.constraints:MaxNorm"}
