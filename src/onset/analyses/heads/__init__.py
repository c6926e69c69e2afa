"""The circuits of attention heads."""
