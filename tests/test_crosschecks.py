"""The same numbers from packages that people trust: statsmodels, SALib, QuantLib; skipped where one is missing."""

import numpy as np
import pandas
import pytest

from analysis import estimators, quality, sensitivity
from analysis.margin_backtest import conditional, kupiec
from analysis.signals import evidence
from analysis.theory import fair_price
from sim.streams import generator
from tests.test_sensitivity import FIRST, TOTAL, ishigami

MISSING = "{} is not installed: `make install` brings it"


def trusted(module):
    """Return a module of a package that may be missing."""
    return pytest.importorskip(module, reason=MISSING.format(module.partition(".")[0]))


@pytest.fixture(scope="module")
def path():
    """An AR(1) path that relaxes in 20 steps."""
    return estimators.ar1_path(np.exp(-1.0 / 20.0), 5_000, np.random.default_rng(1))


def test_persistence_is_that_of_statsmodels_but_for_kendalls_correction(path):
    fitted = trusted("statsmodels.tsa.ar_model").AutoReg(path, 1).fit()
    corrected = fitted.params[1] + (1.0 + 3.0 * fitted.params[1]) / (len(path) - 1)
    told = estimators.relaxation_time(path, 1.0)
    assert told.value == pytest.approx(-1.0 / np.log(corrected), rel=1e-9)
    error = told.value**2 * fitted.bse[1] / corrected  # the delta method on its error of the persistence
    assert told.standard_error == pytest.approx(error, rel=0.03)


def test_autocorrelations_are_those_of_statsmodels(path):
    tools = trusted("statsmodels.tsa.stattools")
    assert estimators.autocorrelations(path, 30) == pytest.approx(tools.acf(path, nlags=30, fft=False)[1:])


def test_noise_passes_the_test_of_ljung_and_box_and_a_path_that_remembers_does_not(path):
    diagnostic = trusted("statsmodels.stats.diagnostic")
    noise = np.random.default_rng(2).standard_normal(5_000)
    for series in (noise, path):
        lags, count = np.arange(1, 11), len(series)
        told = count * (count + 2) * np.cumsum(estimators.autocorrelations(series, 10) ** 2 / (count - lags))
        assert told == pytest.approx(diagnostic.acorr_ljungbox(series, lags=10).lb_stat.to_numpy())
    assert diagnostic.acorr_ljungbox(noise, lags=[10]).lb_pvalue.iloc[0] > 0.01


@pytest.mark.parametrize(("hits", "trials", "confidence"), [(0, 20, 0.95), (7, 20, 0.9), (512, 1_000, 0.99)])
def test_wilsons_interval_is_that_of_statsmodels(hits, trials, confidence):
    proportion = trusted("statsmodels.stats.proportion")
    low, high = proportion.proportion_confint(hits, trials, alpha=1.0 - confidence, method="wilson")
    told = evidence.wilson(hits, trials, confidence)
    assert (told.low, told.high) == pytest.approx((low, high), abs=1e-12)


def test_the_t_of_an_information_coefficient_is_that_of_a_regression():
    regression = trusted("statsmodels.api")
    signal, noise = np.random.default_rng(3).standard_normal((2, 800))
    fitted = regression.OLS(0.1 * signal + noise, regression.add_constant(signal)).fit()
    assert evidence.information_coefficient(signal, 0.1 * signal + noise, ranks=False).t == pytest.approx(
        fitted.tvalues[1]
    )


def test_an_exponent_of_impact_is_a_weighted_regression_of_known_errors():
    regression = trusted("statsmodels.api")
    sizes = np.geomspace(100.0, 100_000.0, 8)
    moves = 0.1 * sizes**0.6 * np.exp(np.random.default_rng(4).normal(0.0, 0.1, 8))
    curve = pandas.DataFrame({"contracts": sizes, "move_bps": moves, "error": 0.1 * moves * np.linspace(0.5, 2.0, 8)})
    design = regression.add_constant(np.log(sizes))
    fitted = regression.WLS(np.log(moves), design, (moves / curve.error) ** 2).fit(cov_type="fixed scale")
    told = quality.impact_exponent(curve)
    assert (told.value, told.standard_error) == pytest.approx((fitted.params[1], fitted.bse[1]))


def test_kupiecs_ratio_is_that_of_a_logistic_regression_on_a_constant():
    discrete = trusted("statsmodels.discrete.discrete_model")
    failed = np.arange(400) % 31 == 0
    free = discrete.Logit(failed.astype(float), np.ones(400)).fit(disp=0).llf
    count, rate = failed.sum(), 0.05
    held = count * np.log(rate) + (400 - count) * np.log(1.0 - rate)
    assert kupiec(failed, rate).ratio == pytest.approx(2.0 * (free - held))
    assert conditional(failed, rate).ratio > kupiec(failed, rate).ratio


def test_sobols_indices_are_those_of_salib():
    sample, analyze = trusted("SALib.sample.sobol"), trusted("SALib.analyze.sobol")
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0.0, 1.0]] * 3}
    places = sample.sample(problem, 2_048, calc_second_order=False, seed=5)
    values = ishigami(places)
    theirs = analyze.analyze(problem, values, calc_second_order=False, seed=5)
    each = values.reshape(2_048, 5).T  # a place, the one with each column of the other, the other
    ours = sensitivity.indices(each[0], each[-1], each[1:-1])
    assert ours[0] == pytest.approx(theirs["S1"], abs=0.02) and ours[1] == pytest.approx(theirs["ST"], abs=0.02)
    assert ours[0] == pytest.approx(FIRST, abs=0.05) and ours[1] == pytest.approx(TOTAL, abs=0.05)
    told = {each.argument: each for each in sensitivity.shares("abc", each[0], each[-1], each[1:-1])}
    for k, name in enumerate("abc"):  # intervals as wide as theirs
        low, high = told[name].total_interval
        assert 0.5 * (high - low) == pytest.approx(theirs["ST_conf"][k], rel=0.4)


def test_elementary_effects_are_those_of_salib():
    analyze = trusted("SALib.analyze.morris")
    ways = [sensitivity.way(3, generator(number, "test")) for number in range(40)]
    places = np.concatenate([each for each, _ in ways])
    values = ishigami(places)
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0.0, 1.0]] * 3}
    theirs = analyze.analyze(problem, places, values, num_levels=sensitivity.LEVELS, seed=6)
    for each in sensitivity.effects(list("abc"), ways, values.reshape(40, 4)):
        k = "abc".index(each.argument)
        assert each.mean == pytest.approx(theirs["mu"][k]) and each.size == pytest.approx(theirs["mu_star"][k])
        assert each.spread == pytest.approx(theirs["sigma"][k])
        assert 1.96 * each.size_error == pytest.approx(theirs["mu_star_conf"][k], rel=0.3, abs=1e-9)


@pytest.fixture(scope="module")
def quantlib():
    """A pricer of QuantLib's: (kind, months between fundings or 0, kappa, interest, rates of USD and coin) -> price."""
    library = trusted("QuantLib")
    today, days = library.Date(1, 1, 2025), library.Actual365Fixed()
    library.Settings.instance().evaluationDate = today

    def price(kind, months, kappa, interest, usd_rate, coin_rate, spot=10_000.0):
        usd, coin = (library.YieldTermStructureHandle(library.FlatForward(today, rate, days))
                     for rate in (usd_rate, coin_rate))  # fmt: skip
        period = library.Period(months, library.Months)
        contract = library.PerpetualFutures(
            getattr(library.PerpetualFutures, kind), library.PerpetualFutures.FundingWithPreviousSpot, period,
            library.NullCalendar(), days,
        )  # fmt: skip
        quote = library.QuoteHandle(library.SimpleQuote(spot))
        engine = library.DiscountingPerpetualFuturesEngine(usd, coin, quote, [0.0], [kappa], [interest])
        contract.setPricingEngine(engine)
        return contract.NPV()

    return price


@pytest.mark.parametrize("kappa", [0.2, 1.0, 20.0])
@pytest.mark.parametrize(
    ("usd_rate", "coin_rate", "interest"), [(0.04, 0.02, 0.005), (0.05, 0.0, 0.0), (0.0, 0.03, 0.01)]
)
def test_fair_prices_are_those_of_quantlib(quantlib, kappa, usd_rate, coin_rate, interest):
    rates = {"kappa": kappa, "usd_rate": usd_rate, "coin_rate": coin_rate}
    told = fair_price.linear(10_000.0, interest=interest, **rates)
    assert told == pytest.approx(quantlib("Linear", 0, kappa, interest, usd_rate, coin_rate), rel=1e-6)
    told = fair_price.inverse(10_000.0, interest=-interest, **rates)  # theirs is paid to longs
    assert told == pytest.approx(quantlib("Inverse", 0, kappa, interest, usd_rate, coin_rate), rel=1e-6)


@pytest.mark.parametrize("kappa", [0.01, 0.1, 1.0])
def test_fair_prices_of_quarterly_funding_are_those_of_quantlib(quantlib, kappa):
    usd_rate, coin_rate = np.expm1([0.25 * 0.04, 0.25 * 0.02])  # of a quarter, where theirs are continuous
    rates = {"kappa": kappa, "usd_rate": usd_rate, "coin_rate": coin_rate}
    told = fair_price.linear_discrete(10_000.0, interest=0.005, **rates)
    assert told == pytest.approx(quantlib("Linear", 3, kappa, 0.005, 0.04, 0.02), rel=1e-6)
    told = fair_price.inverse_discrete(10_000.0, interest=-0.005, **rates)
    assert told == pytest.approx(quantlib("Inverse", 3, kappa, 0.005, 0.04, 0.02), rel=1e-6)
