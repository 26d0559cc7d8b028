"""dossier.html: one file, no script, no network, a pure function of the bytes of dossier.json."""

from radaudit.edges.html.page import CSP, render

__all__ = ["CSP", "render"]
