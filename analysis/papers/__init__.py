"""Results of papers, made again on this exchange: rows of what was published, what was simulated, and its error."""
