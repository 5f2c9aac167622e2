"""What came of it: metrics, figures and the command line."""
