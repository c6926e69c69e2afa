"""What the residual stream holds on the way to an answer."""
