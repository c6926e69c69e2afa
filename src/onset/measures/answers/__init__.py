"""What models answer, beside what the simplest guesses would."""
