"""Modular addition: what is left of the logits by formula."""
