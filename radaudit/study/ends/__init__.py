"""What differs between kinds of outcome: each kind is one value with the same questions."""

from radaudit.study.ends.end import End, end_of

__all__ = ["End", "end_of"]
