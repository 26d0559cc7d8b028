"""The plan, the run and the ports: where science and record meet."""
