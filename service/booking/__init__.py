"""Bookings that concern more than one day: what can be booked, and moving an appointment to another day."""
