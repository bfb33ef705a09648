"""How the days of all halls run in one process: lanes, timed jobs, hall documents, readiness."""
