"""Ways to tell people: e-mail, a signed webhook, Teams, Alertmanager; each behind one protocol."""
