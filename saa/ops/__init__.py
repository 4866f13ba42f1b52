"""Pure array functions, no models."""
