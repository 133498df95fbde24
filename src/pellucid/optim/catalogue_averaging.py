"""Every way of averaging weights."""

KINDS = {
    "ema": "pellucid.optim.averaging:EMA",
    "swa": "pellucid.optim.averaging:SWA",
}
