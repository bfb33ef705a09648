"""Invitations: codes for people whom the hall or a partner (such as a school) registers in advance.

A list of people is imported as JSON, CSV or .xlsx, and each person gets a code. `workbook` is a separate program that
reads an .xlsx file with limited memory and time. `sheets` converts a file to rows of text. `guests` converts rows to
people, or to errors. `store` keeps the invitations. `exports` writes the codes as CSV or as a page to print.

Names and contacts are stored in the table `applicants` only and are deleted when the person is erased. An invitation
contains a code, a service and a partner.

Source: CONTRACT 5 (invitations), 1 (codes).
"""
