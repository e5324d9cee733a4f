"""What every room may share and no room owns: channels, clocks, engine threads, the sound hardware.

Small files, each of which is whole by itself. Nothing here knows what a transcript, a reply or a turn is.
"""
