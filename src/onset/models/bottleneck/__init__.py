"""Vectors through a layer narrower than they are: many small networks, trained at once as one."""
