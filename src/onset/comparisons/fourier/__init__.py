"""Modular addition in the Fourier basis, several models together."""
