"""What is kept: kiosks, visits, transcripts, operators, audit. Nothing live is in here."""
