"""Erasing and giving out what is known of a person."""
