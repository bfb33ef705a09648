"""Boards, feeds and sockets."""
