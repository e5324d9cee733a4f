"""The macOS desktop: decisions in plain Python, over a small set of system calls that tests can stand in for."""
