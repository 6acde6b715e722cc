"""Start the server alone: `python -m roadmap.processes --host ADDRESS --port PORT [--jobs]`."""

from roadmap.server.processes import main

if __name__ == "__main__":
    main()
