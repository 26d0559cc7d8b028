"""What a third party sent: files taken out of a folder or an archive that nobody here packed, and a look at each."""
