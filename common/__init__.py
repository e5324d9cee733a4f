"""What every room may share and no room owns: channels, clocks, engine threads, the sound hardware.

Five small files at most. Nothing here knows what a transcript, a reply or a turn is.
"""
