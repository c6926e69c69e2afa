"""What the latents of a dictionary stand for, and how its features compare with others."""
