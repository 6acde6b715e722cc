"""How ready a person is for a roadmap's target role, with the source of every point."""
