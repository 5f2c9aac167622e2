"""A self-contained page of what a run, a twin, a comparison or a sweep came to."""
