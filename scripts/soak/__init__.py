"""Long runs, each a program with its own account at its top; the tests hold their short forms."""
