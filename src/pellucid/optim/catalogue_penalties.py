"""Every penalty."""

KINDS = {
    "l1": "pellucid.optim.penalties:L1",
    "l2": "pellucid.optim.penalties:L2",
    "elastic_net": "pellucid.optim.penalties:ElasticNet",
}
