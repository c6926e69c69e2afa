"""Worlds of which sequences show how something is learnt: the histories of other learners."""
