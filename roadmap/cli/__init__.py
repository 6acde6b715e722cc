"""Command-line interface for operators: `flask --app roadmap …`."""
