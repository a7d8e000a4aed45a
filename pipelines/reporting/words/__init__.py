"""What a report says of a run, in sentences."""
