"""The dossier: the document, its bytes, and its view."""
