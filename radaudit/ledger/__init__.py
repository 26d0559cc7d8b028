"""What happened and what each fit has seen: Step, Exposure, Ledger, and the chain of entries that records them."""

from radaudit.ledger.chain import check_chain, openings, payload_index
from radaudit.ledger.entries import FIRST, Entry, Payload, commitment, entry, read_entries, read_payloads
from radaudit.ledger.merkle import merkle_root
from radaudit.ledger.ranges import as_numbers, as_ranges
from radaudit.ledger.steps import ROLES, Exposure, Ledger, Step

__all__ = [
    "FIRST",
    "ROLES",
    "Entry",
    "Exposure",
    "Ledger",
    "Payload",
    "Step",
    "as_numbers",
    "as_ranges",
    "check_chain",
    "commitment",
    "entry",
    "merkle_root",
    "openings",
    "payload_index",
    "read_entries",
    "read_payloads",
]
