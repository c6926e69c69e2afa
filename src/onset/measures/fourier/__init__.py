"""Modular addition in the Fourier basis."""
