"""Whether a signal tells anything: the statistics of its validation, each alone."""
