"""Every start."""

KINDS = {"scratch": "pellucid.transfer.scratch:Scratch"}
