"""Outside systems behind protocols: what agents may read, and the one handle that writes."""
