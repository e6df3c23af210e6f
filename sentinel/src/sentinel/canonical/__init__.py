"""The steps that bring a hostile text to one plain form, each keeping where every character came from."""
