"""What is gathered from all studies."""
