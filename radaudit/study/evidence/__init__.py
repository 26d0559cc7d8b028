"""The evidence of a dossier: plain JSON values, a pure function of the study and its data. One module per section."""
