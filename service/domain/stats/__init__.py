"""Figures of days: what a report shows and what a hall learns."""
