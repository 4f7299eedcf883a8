"""Which names are one thing: a pure function of the live names and of what people decided.

Names share blocks, pairs within a block are compared, components of those that fit are clustered.
A rebuild does it for all names, an increment for the components that a change touches, by the same
code; so in whatever order documents arrive, the entities are the same.
"""
