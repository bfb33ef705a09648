"""Figures and history: reports of days, the overview of halls, the journal and audit in words."""
