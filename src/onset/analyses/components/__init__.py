"""What single heads, MLPs and positions of the residual stream contribute to an answer."""
