"""Transformers with low-rank adapters: what is trained of a model whose own weights may stay."""
