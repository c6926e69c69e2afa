"""Kinds of heads by where they look."""

from __future__ import annotations

BY_PLACE = ("previous_token", "first_token", "current_token")
"""at places, whatever stands there"""

BY_CONTENT = ("duplicate_token", "induction")
"""at what stands there"""
