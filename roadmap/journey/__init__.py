"""The pages of one's own way: roadmap, stage, milestone, the tick and its answer."""
