"""What theory says: formulas of papers, each alone, to be held beside what a run does."""
