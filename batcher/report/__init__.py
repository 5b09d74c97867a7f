"""What a run did, to look at and to hand on: HTML, Markdown, JUnit, JSON."""
