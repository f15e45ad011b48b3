"""How what was trained is kept and found again; no chapter imports from here."""
