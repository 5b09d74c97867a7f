"""What a run or a worker is told while it works, over a socket, by a file, by a timetable."""
