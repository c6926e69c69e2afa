"""What is gathered over all studies."""
