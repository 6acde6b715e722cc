"""The pages of a person's own roadmap: roadmap, stage, milestone and completion."""
