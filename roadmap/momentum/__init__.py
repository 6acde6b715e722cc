"""Progress over time: daily snapshots, the burn-up, the history of the score, the calendar."""
