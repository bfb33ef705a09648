"""Tests of the journal with a real PostgreSQL."""
