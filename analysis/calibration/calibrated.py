"""Arguments of `calm` that were fitted: an ordinary day of XBTUSD in the winter of 2019 to 2020."""

from analysis.calibration.fit import arguments_of

POINT = {
    "volatility": 0.5479, "dispersion": 0.6394, "half_life_hours": 0.1068, "leverage": 2.0, "hurdle_bps": 8.0,
    "bargain_bps": 200.0, "maker_skew_bps": 95.0, "maker_lean_seen": 0.6,
}  # fmt: skip
"""The index's numbers are those of `fit.fitted_index`. The crowds' began as the least of the surface of `fit.terms`
over 24 points of four seeds, in which the basis was forgotten too soon, and were then moved by hand, six times,
over the seeds 1000 to 1015: `--fit` does not end here.

The table of the page is of other seeds, and how it comes out hangs on which: over 2000 to 2015 J was 22.3 in the months
of the fit and 36.7 in those held back, and no target was missed. A further step of the fit from there, over 4000 to
4015, had 43.9 and 25.5: one run in which volatility stayed high moved half of the moments. It was not taken."""
CALIBRATED = arguments_of(POINT)
"""As `calm(seed=..., **CALIBRATED)`; `perpsim calibrate` says what they give. The step is `moments.STEP_S`."""

SLOPES = (
    (0.7081, 0.01562, -0.008705, 0, 0, 0, 0, 0),  # index_volatility
    (-0.01562, -2.185, -0.388, 0, 0, 0, 0, 0),  # index_tail
    (2.383e-05, -0.2261, 0.3266, 0, 0, 0, 0, 0),  # index_clustering
    (0, 0, 0, 0.004838, 0.00931, -0.01765, 0.05301, 0.01528),  # volatility_ratio
    (0, 0, 0, 0.392, 0.08544, 0.2286, 0.2161, 0.3525),  # tail_added
    (0, 0, 0, -0.01229, 8.734e-05, -0.004584, -0.02205, 0.006265),  # clustering_added
    (0, 0, 0, -0.01044, -0.001581, -0.01209, -0.04527, -0.005927),  # common_returns
    (0, 0, 0, 2.289, 2.618, 4.417, 6.73, 3.432),  # basis_bps
    (0, 0, 0, 0.0898, 0.06752, 0.2901, 0.09979, 0.05177),  # basis_5_minutes
    (0, 0, 0, 0.04717, 0.1353, 0.3378, -0.1343, 0.05335),  # basis_1_hour
    (0, 0, 0, -0.9319, -1.436, -1.676, -1.619, -0.4572),  # funding_mean_bps
    (0, 0, 0, -0.04773, 3.285, 4.044, 2.344, 1.969),  # funding_bps
    (0, 0, 0, -0.2052, -0.3517, -0.1435, -0.3491, -0.1037),  # funding_pinned
    (0, 0, 0, -0.2379, -0.1036, -0.1152, -0.2304, 0.02509),  # funding_positive
)  # fmt: skip
"""(targets, 8) slopes of the moments, where the fit ended, in the range of volatility, dispersion, half-life, leverage,
hurdle, bargain, skew and lean seen: what the joint test takes for fitted."""
