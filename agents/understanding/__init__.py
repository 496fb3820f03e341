"""What a customer's words say: issues, mood, language, details; all of it without a network."""
