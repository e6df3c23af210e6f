"""How the weights are made: labelled data from outside, phrases from beside here, one command. Not used to judge."""
