"""How well a dictionary finds the features that are there."""
