"""Target dates and expiry dates as a list, a month view and an iCalendar feed."""
