"""The published starter folders: names and descriptions that an owner may adopt. Data, and nothing of a person."""
