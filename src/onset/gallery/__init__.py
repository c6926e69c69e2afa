"""The static site: plain HTML that reads from disk, without a network."""
