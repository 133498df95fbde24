"""The instrument over PyTorch scripts that know nothing of Pellucid."""
