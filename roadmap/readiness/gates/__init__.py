"""The gates: what no number of points makes up for. A module for each type of gate."""
