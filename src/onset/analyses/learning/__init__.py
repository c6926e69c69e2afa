"""Closer looks at models that learn in context."""
