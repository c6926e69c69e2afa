"""Onset's own source: its files and modules, what they declare, the fingerprint of a job's."""
