"""The X11 desktop, by python-xlib: a thread for each connection, an owner of selections, real keys."""
