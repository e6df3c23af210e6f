"""Chooses a folder for a message, or none. Reads only what sentinel cleared; keeps nothing between calls."""
