"""What the values and slopes of functions are exactly, family by family, and where that is looked at."""
