"""Invitations: people whom the hall, or a partner such as a school, has registered before they book or come.

A list of them is imported as JSON, CSV or .xlsx, and each gets a code. `workbook` is a program of its own that reads an
.xlsx with its memory and time bounded, `sheets` turns any file into rows of text, `guests` says what each row means or
why it means nothing, `store` keeps them, `printed` gives them back as a list of codes, or as a page to print.

The person is an applicant: name and contacts are in that table alone, and go when they are erased; the invitation is a
code, for a service, from a partner.

Source: CONTRACT 5 (invitations), 1 (codes).
"""
