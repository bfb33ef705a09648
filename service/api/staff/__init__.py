"""Staff of a hall and its devices; sessions and sign-in."""
