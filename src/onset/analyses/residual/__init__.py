"""What can be read off the residual stream."""
