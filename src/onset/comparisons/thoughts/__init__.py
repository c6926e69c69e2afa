"""Two models that write down what they think, one trained from the other."""
