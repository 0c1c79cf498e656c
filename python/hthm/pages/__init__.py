"""What people look at: tables, figures, the report, the lines of a terminal, and the folder they lie in."""
