"""Race tests: one test per guard of the journal and the lanes, and a twin that fails without the guard."""
