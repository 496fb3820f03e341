"""The engine: advances one ticket until it parks or ends, one recorded step after another."""
