"""What can be wrong with what the user gave. Each message is one line, ready to be shown."""


class BadInput(Exception):
    """What was given is there but is not what it should be."""


class MissingInput(Exception):
    """There is nothing to read at the given place."""
