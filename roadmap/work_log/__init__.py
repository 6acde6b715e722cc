"""What a person notes of each week, one line at a time: a private record that becomes evidence."""
