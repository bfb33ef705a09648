"""A day of each release, as its journal was written: every later release must read it and fold it to the same day."""
