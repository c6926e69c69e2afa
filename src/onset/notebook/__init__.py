"""What the notebooks call; docs/notebooks.md says how one is built."""
