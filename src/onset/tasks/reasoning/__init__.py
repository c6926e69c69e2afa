"""Worlds in which a model writes down what it thinks, token by token, before it answers."""
