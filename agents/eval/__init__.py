"""Scenarios: small worlds with tickets and the end that must be reached; run and compared."""
