"""Forecasts as they are made, kept and told."""
