"""Every code radaudit reports, explained once: ``radaudit/codes/<part>.toml`` holds the words, this package reads them."""

from radaudit.codes.catalogue import Explained, all_codes, answer, explained

__all__ = ["Explained", "all_codes", "answer", "explained"]
