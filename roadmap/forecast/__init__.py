"""When a person finishes a roadmap, by their own and by their planned pace, and their time off."""
