"""Tests of the simulation, also against queueing theory."""
