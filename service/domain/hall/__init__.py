"""The hall document and the demo hall."""
