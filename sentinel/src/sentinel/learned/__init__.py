"""The learned detector: hashed features of a text, weights that `sentinel train` makes, and what they say."""
