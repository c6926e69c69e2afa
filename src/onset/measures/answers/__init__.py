"""What models answer, compared with what the simplest guesses would."""
