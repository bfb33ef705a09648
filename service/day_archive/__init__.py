"""Ended days: each is read and folded once, and its facts and figures are stored."""
