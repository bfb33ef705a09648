"""Races: each guard of the journal and the lanes with a test, and a twin that shows what happens without it."""
