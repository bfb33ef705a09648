"""Halls: what visitors see, the hall document, the control of a day, forecasts and learned figures."""
