"""The tests of Handrail, in folders by kind."""
