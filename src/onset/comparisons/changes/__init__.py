"""What another training changed in a model: found without being told, and checked against the truth."""
