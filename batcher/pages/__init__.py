"""What all pages have in common: layout, style sheet, plots. Whatever is filled in is escaped."""
