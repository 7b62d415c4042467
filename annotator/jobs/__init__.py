"""Background work: the database is the truth, the broker is a doorbell."""
