"""What a hall document means for one date: the plan of a day, times and holidays."""
