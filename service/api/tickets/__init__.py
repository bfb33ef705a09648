"""Tickets: take, show, change and leave; actions of staff; check-ins; search."""
