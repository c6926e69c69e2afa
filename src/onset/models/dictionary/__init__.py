"""Sparse autoencoders: dictionaries whose entries should match the features of their data."""
