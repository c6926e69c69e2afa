"""Comparisons of attention heads."""
