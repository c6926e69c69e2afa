"""Where attention heads look, and how they work together."""
