"""What a model writes when it goes on by itself, and what its answers owe to it."""
