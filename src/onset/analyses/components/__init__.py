"""What single heads, MLPs and places of the residual stream do for an answer."""
