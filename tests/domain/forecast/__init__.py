"""The forecast: exact where nothing is left to chance, and honest where something is."""
