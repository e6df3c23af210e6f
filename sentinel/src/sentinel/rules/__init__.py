"""The patterns that sentinel knows, one file a technique, and the engine that reads them all in one go."""
