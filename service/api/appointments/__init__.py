"""Appointments: book, watch, change and cancel; free slots; calendar files."""
