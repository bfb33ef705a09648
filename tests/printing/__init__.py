"""Slips: their bytes, and the printers they go to."""
