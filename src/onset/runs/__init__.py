"""Runs and studies on disk, and how to read them."""
