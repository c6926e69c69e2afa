"""The geometry of embeddings, and how answers change when embeddings are swapped."""
