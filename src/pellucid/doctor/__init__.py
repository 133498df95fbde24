"""The doctor: finds what keeps a network from learning, says it plainly, cures it and proves the cure."""
