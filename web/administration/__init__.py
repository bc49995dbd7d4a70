"""What an administrator keeps: colleagues, absences, closing days, keys of systems. No case is seen here."""
