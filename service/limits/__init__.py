"""Limits of use: how much one address, browser, contact or code may ask for, over all processes.

`rules` names them, `allowances` keeps what was spent in PostgreSQL, `limits` spends.
"""
