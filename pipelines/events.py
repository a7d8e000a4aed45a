"""What the package's loggers say: an event, in words that stay the same, and facts beside it."""

from typing import Any


class Event:
    """One thing that happened, as the message of a log record.

    Loggers of the package are never configured by it. Whoever runs it decides where records go:
    as text they read well, and a formatter that knows this class keeps the facts apart.

    Parameters
    ----------
    name : str
        What happened.
    **facts
        Plain values. Seconds are rounded to milliseconds.

    Examples
    --------
    >>> str(Event("fold finished", model="fusion", fold=0, seconds=1.23456))
    'fold finished: model=fusion, fold=0, seconds=1.235'
    """

    def __init__(self, name: str, /, **facts: Any):
        self.name = name
        self.facts = facts
        if "seconds" in facts:
            facts["seconds"] = round(float(facts["seconds"]), 3)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.name}: {told}" if told else self.name
