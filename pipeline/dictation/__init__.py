"""Dictation: hold a key, speak, the words are in your window. Hear, understand, deliver; nothing else is built.

Part of its room; see the room's face.
"""
