"""How well the service does: measures with their definitions, counted from the log."""
