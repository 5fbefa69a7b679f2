"""The app for a WSGI server. `python3 -m feedback` runs it with live updates, worker and writer."""

from feedback import create_app

app = create_app()
