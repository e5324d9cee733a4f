"""Keeping a microphone and a speaker alive: what to do (``rules``) and doing it (``keeper``).

One drawer of ``common`` for one word. PortAudio lists devices once per process, so that to see a new one every stream
must be closed: whoever reopens one stream must know of all, and microphone and speaker, which live in different rooms,
share one keeper. ``news`` and ``listing`` tell it what PortAudio cannot. Nothing here knows what the sound is for.
"""
