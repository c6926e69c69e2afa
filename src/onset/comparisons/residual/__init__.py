"""Comparisons of the residual stream."""
