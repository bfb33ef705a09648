"""Modules that need no database: the settings and the log."""
