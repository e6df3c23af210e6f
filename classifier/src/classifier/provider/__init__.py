"""The AI provider: an endpoint of somebody else's that is asked to choose one of the owner's folders, or none.

What goes out is composed in prompt, of cleared texts alone; what comes back is read in answer, which believes nothing.
Everything here is off until main is told of a provider.
"""
