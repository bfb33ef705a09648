"""Appointments: book, show, change and cancel; free slots; calendar files."""
