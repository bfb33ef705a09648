"""Learning: each night a hall's ended days update what its plans expect."""
