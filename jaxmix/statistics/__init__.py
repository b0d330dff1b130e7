"""How a prediction is judged: Poisson counts and published limits.

Each gives a test statistic q with a critical value; a point is excluded where q exceeds it. What the prediction is, and
whose measurement it meets, belongs to `constraints`. Bins with control regions and uncertainties: `cls`, `toys`.
"""

from jaxmix.statistics.backgrounds import ControlRegion, GivenBackground
from jaxmix.statistics.cls import Asymptotic, PoissonBins, asymptotic, poisson_bins
from jaxmix.statistics.counts import (
    cls_poisson,
    cls_test_statistic,
    critical_chi2,
    critical_cls,
    critical_sigma,
    discovery_asimov,
    exclusion_asimov,
    exclusion_observed,
    log_poisson_cdf,
)
from jaxmix.statistics.judges import AbstractJudge, Counting
from jaxmix.statistics.published import Curve, PublishedLimit, stacked
from jaxmix.statistics.toys import ToyAnswer, by_toys

__all__ = [
    "AbstractJudge",
    "Asymptotic",
    "ControlRegion",
    "Counting",
    "Curve",
    "GivenBackground",
    "PoissonBins",
    "PublishedLimit",
    "ToyAnswer",
    "asymptotic",
    "by_toys",
    "cls_poisson",
    "cls_test_statistic",
    "critical_chi2",
    "critical_cls",
    "critical_sigma",
    "discovery_asimov",
    "exclusion_asimov",
    "exclusion_observed",
    "log_poisson_cdf",
    "stacked",
    "poisson_bins",
]
