"""Tokens, codes and links derived from the service's secrets, and the check of these secrets."""
