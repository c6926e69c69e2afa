"""Worlds of text, in which each token but the first is asked for."""
