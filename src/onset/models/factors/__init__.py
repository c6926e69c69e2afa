"""Products of factors that must all be there: many small networks, trained at once as one model."""
