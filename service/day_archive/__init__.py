"""Ended days: replay each once, and store its facts (for learning) and figures (for reports)."""
