"""Contracts of the three services, and the few functions that both sides of a call must compute alike."""
