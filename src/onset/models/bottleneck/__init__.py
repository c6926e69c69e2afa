"""Vectors passed through a narrower layer: many small networks, trained at once as one model."""
