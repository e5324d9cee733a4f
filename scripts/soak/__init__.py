"""Long proofs: each runs by itself for minutes or more and prints what it saw. Their short forms are tests."""
