"""A run and a study as they lie on disk, and as one reads them."""
