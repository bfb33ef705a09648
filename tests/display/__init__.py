"""Tests of boards, feeds and sockets."""
