"""Slopes of the moments where the fit of `scenarios.ordinary_day.POINT` ended."""

SLOPES = (
    (0.6696, 0.01164, 0.002341, 0, 0, 0, 0, 0),  # index_volatility
    (-0.1159, -2.493, -0.1914, 0, 0, 0, 0, 0),  # index_tail
    (0.03176, -0.08575, 0.5561, 0, 0, 0, 0, 0),  # index_clustering
    (0, 0, 0, 0.005584, -0.03107, 0.002294, 0.01066, 0.006825),  # volatility_ratio
    (0, 0, 0, -0.1407, -0.2307, -0.1241, -0.0604, -0.07824),  # tail_added
    (0, 0, 0, -0.003742, 0.007253, 0.003111, 0.001319, -0.0004972),  # clustering_added
    (0, 0, 0, 0.002742, -0.0135, -0.00546, 0.002371, -0.004436),  # common_returns
    (0, 0, 0, 1.457, 4.142, 2.943, -0.6799, 0.762),  # basis_bps
    (0, 0, 0, 0.0783, 0.317, 0.1569, -0.03049, 0.0527),  # basis_5_minutes
    (0, 0, 0, 0.1623, 0.4027, -0.0565, -0.03498, 0.0408),  # basis_1_hour
    (0, 0, 0, 2.049, 1.879, 0.7566, 0.9899, -1.947),  # funding_mean_bps
    (0, 0, 0, 3.313, 3.09, 0.5164, 0.3368, -0.5157),  # funding_bps
    (0, 0, 0, -0.5097, -0.1991, -0.1176, 0.0684, -0.04746),  # funding_pinned
    (0, 0, 0, -0.06083, -0.0592, 0.007253, 0.05634, -0.08623),  # funding_positive
)  # fmt: skip
"""(targets, 8) slopes in the range of volatility, dispersion, half-life, hurdle, bargain, skew, longs' entry and noise
traders' orders: what the joint test takes for fitted. The slow dispersion is not among them: it was fitted to none of
the targets."""
