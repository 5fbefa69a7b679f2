"""The app for a WSGI server with threads, one process: pages and ops by HTTP, screens kept current by asking.

`python3 -m feedback` runs the same app with live sockets and the theme worker.
"""

from feedback.app import create_app, start_writer

app = create_app()
start_writer(app)
