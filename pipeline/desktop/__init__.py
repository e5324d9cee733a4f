"""What dictation needs of a desktop: keys, clipboard, windows. Backends are loaded by name; nothing heavy here."""
