"""Tokens, codes and links that prove a right, and the secrets they are derived from."""
