"""Whether a model lies, and whether the truth can be read in it where it does."""
