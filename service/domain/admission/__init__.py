"""Admission: which walk-ins fit into the rest of the day."""
