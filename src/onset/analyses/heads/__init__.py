"""Circuits of attention heads."""
