"""How well a ticket was handled, checked against its log and rows once it has ended."""
