"""The mail-organiser command."""
