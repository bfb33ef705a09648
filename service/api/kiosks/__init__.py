"""Kiosks: leased numbers, reported numbers and printers."""
