"""Skill assessments by the user and by managers, on a scale of described levels."""
