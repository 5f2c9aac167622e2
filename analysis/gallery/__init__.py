"""The gallery: every figure, drawn from real runs, on one page that says what each asks and how to make it again."""
