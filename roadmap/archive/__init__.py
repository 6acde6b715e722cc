"""Export all data of a person to one file, and import it again."""
