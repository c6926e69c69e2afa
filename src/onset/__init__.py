"""Onset: watching circuits form inside small transformers while they train."""
