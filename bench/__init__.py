"""Measures and attacks the real server beside its peers: `python3 -m feedback bench …`. No server needs it."""
