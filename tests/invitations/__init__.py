"""Tests of lists of people to invite."""
