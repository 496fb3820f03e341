"""The console and the command line: two thin faces over the agent core and the store."""
