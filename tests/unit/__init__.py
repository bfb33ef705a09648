"""Tests of modules that need no database."""
