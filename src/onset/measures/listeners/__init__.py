"""What a model makes of whom it talks to: what suits them, and what they believe."""
