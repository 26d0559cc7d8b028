"""All that a hospital runs before it sends a table: standard library only, driven by rules.json alone.

These modules are copied into ``check.pyz``; ``check.js`` says the same in a browser. Both give the codes of ``radaudit check``; the tests
run all three on the same files.
"""
