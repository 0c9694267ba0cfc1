"""Data the program ships: species descriptions."""
