"""Slopes of the moments where the fit of `scenarios.ordinary_day.POINT` ended."""

SLOPES = (
    (0.6696, 0.01164, 0.002341, 0, 0, 0, 0, 0),  # index_volatility
    (-0.1159, -2.493, -0.1914, 0, 0, 0, 0, 0),  # index_tail
    (0.03176, -0.08575, 0.5561, 0, 0, 0, 0, 0),  # index_clustering
    (0, 0, 0, 0.01011, 0.011, 0.004286, 0.01319, 0.03519),  # volatility_ratio
    (0, 0, 0, -0.3013, -0.2677, 0.4102, 0.8908, -0.5724),  # tail_added
    (0, 0, 0, -0.002363, 0.0005804, 0.008679, 0.02979, -0.005458),  # clustering_added
    (0, 0, 0, 0.0129, 0.007744, -0.007374, -0.004603, -0.004553),  # common_returns
    (0, 0, 0, 1.449, 2.184, 1.725, 1.294, 2.137),  # basis_bps
    (0, 0, 0, 0.08722, 0.3646, 0.2447, 0.425, -0.2017),  # basis_5_minutes
    (0, 0, 0, -0.008641, 0.1565, 0.2142, 0.1686, -0.141),  # basis_1_hour
    (0, 0, 0, 0.1383, -0.2809, 0.3657, 0.2228, 0.695),  # funding_mean_bps
    (0, 0, 0, 0.5544, 1.022, 1.335, 0.3194, 1.175),  # funding_bps
    (0, 0, 0, -0.07736, -0.2934, -0.02538, 0.06587, -0.07923),  # funding_pinned
    (0, 0, 0, -0.02181, -0.03797, 0.0241, 0.03184, 0.05776),  # funding_positive
)  # fmt: skip
"""(targets, 8) slopes in the range of volatility, dispersion, half-life, replacement, hurdle, bargain, skew and lean
seen: what the joint test takes for fitted. The slow dispersion is not among them: it was fitted to none of the targets.
"""
