"""Tests of forecasts: computation, storage and display."""
