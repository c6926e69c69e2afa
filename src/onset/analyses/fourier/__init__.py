"""Modular addition: how much of the model a formula can replace."""
