"""The loss around the weights that training reached."""
