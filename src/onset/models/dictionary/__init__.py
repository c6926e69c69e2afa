"""Sparse autoencoders: dictionaries whose entries are to be the features of what they are trained on."""
