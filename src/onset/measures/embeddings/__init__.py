"""The geometry of embeddings, and what becomes of answers when they change places."""
