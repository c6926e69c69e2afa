"""Layers of neurons on whole sequences, each place of which is read with weights of its own."""
