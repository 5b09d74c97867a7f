"""What the command line prints, and how: reads results and decides nothing."""
