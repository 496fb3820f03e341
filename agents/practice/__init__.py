"""Practice: right and wrong actions made from scenarios, for people to decide about."""
