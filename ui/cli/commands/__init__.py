"""One file per command. Each offers ``add_arguments(parser)`` and ``run(args) -> int`` and is cheap to import."""
