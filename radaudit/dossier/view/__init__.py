"""The dossier as a reader sees it: rows, figures and text made from the document; no HTML, no clock, standard library only."""
