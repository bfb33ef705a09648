"""Nightly learning: ended days update the learned values that the plans of a hall use."""
