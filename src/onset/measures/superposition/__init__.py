"""How features share the dimensions of a bottleneck."""
