"""Tests of the rules of the hall, without a database."""
