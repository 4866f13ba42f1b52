"""Ways to put stages together into an inspector."""
