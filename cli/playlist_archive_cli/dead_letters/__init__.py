"""What was given up: listed, sent again, deleted."""
