"""What training has put where in the weights."""
