"""What a person shows of themselves, and the formats in which they hand it over."""
