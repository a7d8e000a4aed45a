"""What a threshold does to patients: sensitivity achieved, biopsies, net benefit."""
