"""Invitations: import, list, print and revoke."""
