"""The schema as plain SQL: numbered, forward only, one transaction each; `service.journal.migrate` applies them."""
