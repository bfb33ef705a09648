"""Tests of the forecast: exact results without randomness, and correct probabilities with it."""
