"""Readers: from a file to a RawTable. ``formats`` knows files, each reader knows the tables of one program, ``registry`` chooses."""
