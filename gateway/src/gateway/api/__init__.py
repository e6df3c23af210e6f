"""The REST resources, one router a noun."""
