"""What a model makes of whom it talks to, changed from outside."""
