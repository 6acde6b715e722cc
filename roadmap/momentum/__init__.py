"""Progress over time: daily snapshots, the burn-up, the score history, the activity calendar."""
