"""Interview questions to practise with."""
