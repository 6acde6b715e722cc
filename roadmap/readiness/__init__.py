"""How ready somebody is for the role at the end of a roadmap, with every point explained."""
