"""Run the server processes alone: `python -m roadmap.processes`, as systemd units do."""

from roadmap.server.processes import main

if __name__ == "__main__":
    main()
