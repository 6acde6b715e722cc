"""Start Cairn: `python -m roadmap.serve [--host ADDRESS] [--port PORT] [--demo]`."""

from roadmap import create_app
from roadmap.server.start import main

if __name__ == "__main__":
    main(create_app)
