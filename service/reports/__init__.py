"""What managers and operations look at: the figures of days, all halls at once, and the screens that are missed.

Nothing here decides anything. Figures are counted from the journal (`day_figures`), and those of ended days
are kept; what is now comes from the folds in memory.
"""
