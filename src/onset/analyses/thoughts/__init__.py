"""Closer looks at models that write down what they think."""
