"""The agent core: from a ticket to a verified, answered end, without a terminal."""
