"""Every method."""

KINDS = {"supervised": "pellucid.methods.supervised:Supervised"}
