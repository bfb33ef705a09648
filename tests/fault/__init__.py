"""Tests of faults and load: network, database, hundreds of screens, and long days."""
