"""Evolving: a day and an event become the next day. One module per subject, as in `decide`."""
