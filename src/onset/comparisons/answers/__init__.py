"""What models answer, checkpoint by checkpoint."""
