"""The crash that studies share: `flash_crash` made smaller and shorter, so that many runs are soon made.

Accounts and open interest are a part of what they are there. Spot, the impact notional and the pace of the engine are
as they were, so the whole differs from a large market in more than size.
"""

SHORT = {"step_s": 1.0, "hours": 1.0, "at_hours": 0.25}

THIRD = SHORT | {
    "makers": 20,
    "noise": 667,
    "longs": 2_000,
    "shorts": 1_333,
    "arbitrageurs": 7,
    "open_interest": 20_000_000,
}

TENTH = SHORT | {
    "makers": 6,
    "noise": 200,
    "longs": 600,
    "shorts": 400,
    "arbitrageurs": 2,
    "open_interest": 6_000_000,
}
