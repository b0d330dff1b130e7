"""How a prediction is judged: Poisson counts, correlated Gaussian measurements and published limits, each as a
test statistic q with a critical value; a point is excluded where q exceeds it. What the prediction is, and
whose measurement it meets, belongs to `constraints`."""

from jaxmix.statistics.counts import (
    cls_poisson,
    cls_test_statistic,
    combine,
    critical_chi2,
    critical_cls,
    critical_sigma,
    discovery_asimov,
    exclusion_asimov,
    exclusion_observed,
    log_poisson_cdf,
)
from jaxmix.statistics.judges import AbstractJudge, Counting, Gaussian
from jaxmix.statistics.published import PublishedLimit

__all__ = [
    "AbstractJudge",
    "Counting",
    "Gaussian",
    "PublishedLimit",
    "cls_poisson",
    "cls_test_statistic",
    "combine",
    "critical_chi2",
    "critical_cls",
    "critical_sigma",
    "discovery_asimov",
    "exclusion_asimov",
    "exclusion_observed",
    "log_poisson_cdf",
]
