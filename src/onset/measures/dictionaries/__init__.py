"""How well a dictionary finds the true features."""
