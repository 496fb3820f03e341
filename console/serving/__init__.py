"""The console in a browser: a small server that lets nobody in but who was given its address."""
