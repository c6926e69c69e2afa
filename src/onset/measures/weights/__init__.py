"""Weights and their gradients."""
