"""Comparisons of weights themselves, whatever a model computes with them."""
