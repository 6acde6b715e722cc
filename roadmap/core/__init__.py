"""The ground floor: configuration, database, web plumbing, Markdown, SVG, PDF. Knows no feature."""
