"""Every schedule."""

KINDS = {
    "constant": "pellucid.optim.schedules:Constant",
    "step": "pellucid.optim.schedules:Step",
    "cosine": "pellucid.optim.schedules:Cosine",
    "warmup": "pellucid.optim.schedules:Warmup",
    "one_cycle": "pellucid.optim.schedules:OneCycle",
    "plateau": "pellucid.optim.schedules:Plateau",
}
