"""Calibration of the ordinary day: what `calm` makes beside what was recorded, and a test that can say no."""
