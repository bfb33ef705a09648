"""Paihao: queue and appointment scheduling for public service halls."""
