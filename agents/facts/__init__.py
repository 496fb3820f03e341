"""What the records say, worked out from evidence: pure functions that playbooks' conditions
read."""
