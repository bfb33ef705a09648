"""Properties of the whole: journal, tables and screens say the same."""
