"""How other programs drive a running Prism: a socket of JSON lines, its server, its client and the lock of the one
daemon. ``prism ctl``, desktop shortcuts, Talon, a tray and scripts all come in here.

The client side (``place``, ``protocol``, ``client``) must start in no time: it imports the standard library only.
"""
