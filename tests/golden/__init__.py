"""A day of each release as its journal was written. Every later release must fold it to the same day."""
