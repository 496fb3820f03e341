"""What is stored: tables, vocabulary, log, read models and packaged files."""
