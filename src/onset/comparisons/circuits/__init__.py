"""Checkpoints held against circuits that are known."""
