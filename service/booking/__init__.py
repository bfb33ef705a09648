"""Bookings that concern more than one day: free slots, and moving an appointment to another day."""
