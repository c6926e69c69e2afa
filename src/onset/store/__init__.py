"""What lies on disk: written atomically, checked on reading, self-describing."""
