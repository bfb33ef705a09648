"""Reports for managers and operations: figures of days, an overview of all halls, and missing screens.

This package only reads. Figures are counted from the journal and stored for ended days (`day_figures`); the present
state comes from the days in memory.
"""
