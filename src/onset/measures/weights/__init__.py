"""Weights and their gradients, whatever the data."""
