"""Files on disk: written atomically, checked when read, self-describing."""
