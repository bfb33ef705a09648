"""Deciding: a command and a day become events or a refusal. One module per subject."""
