"""What answers mean, and what they add up to. Pure: no I/O; time is an argument."""
