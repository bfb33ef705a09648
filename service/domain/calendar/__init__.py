"""The calendar of a hall: the plan of a date, local times and public holidays."""
