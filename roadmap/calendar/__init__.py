"""Target dates and expiries of a person: as a list, as months, and as a feed for calendars."""
