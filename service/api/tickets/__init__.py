"""Tickets: take, watch, change and leave; check-ins; what staff do; search."""
