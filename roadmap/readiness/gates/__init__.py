"""Gates that must be passed regardless of the score. One module for each type."""
