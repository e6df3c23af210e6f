"""Incidents and breaches: the register, its clock of 72 hours, and the documents that people send. It sends nothing."""
