"""Comparisons of dictionaries."""
