"""Other ways to read a text: what it says when decoded, respelled or made visible."""
