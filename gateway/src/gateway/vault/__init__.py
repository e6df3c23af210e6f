"""Keys and envelopes: what is kept about a person opens under that person's key, and ends with it."""
