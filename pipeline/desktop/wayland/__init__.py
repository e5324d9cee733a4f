"""The Wayland desktop: the portals of the session bus first, small programs where a compositor lacks them."""
