"""Lists of people to invite."""
