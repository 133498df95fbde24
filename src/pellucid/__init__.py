"""Train neural networks you can see through."""
