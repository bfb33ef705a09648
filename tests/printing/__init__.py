"""Tests of slips and network printers."""
