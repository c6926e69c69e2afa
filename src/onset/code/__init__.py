"""Onset's own source: its files and modules, their declarations, and code fingerprints of jobs."""
