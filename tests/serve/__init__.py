"""Tests of the program as its user runs it: processes, signals, ports, files and the terminal."""
