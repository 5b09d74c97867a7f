"""Files that have to survive a crash, each kind in a file of its own."""
