"""Small building blocks for every layer: random ids, personal values, contacts, text fields, tasks."""
