"""Who may: access levels, operators, screens, and the guards of every request. No HTTP in here."""
