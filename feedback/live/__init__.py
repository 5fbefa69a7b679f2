"""What happens live: sockets, rooms, beats."""
