"""Start Cairn: `python -m roadmap.serve`, as the Makefile and systemd units do."""

from roadmap.server.start import main

if __name__ == "__main__":
    main()
