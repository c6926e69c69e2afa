"""Making a model lie, and making it stop."""
