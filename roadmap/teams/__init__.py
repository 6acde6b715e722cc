"""Teams: the matrix, a person as their manager sees them, assessments, members."""
