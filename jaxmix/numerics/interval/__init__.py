"""Encloses the values of a function over a box, by interpreting its jaxpr with interval arithmetic.

Every operation of the function is replaced by one on intervals. Its result holds all values that its operands allow,
rounded outward; R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009, ch. 2 and 5. An
interval holds the exact value and the computed one, for constants as they are stored. [-inf, inf] says that nothing is
known, not even that there is a number: any operation that some point of the box could make NaN gives it. Boolean
intervals are (surely true, possibly true). The excess over the true range is linear in the box's width, and is smaller
the less often a variable occurs.

The package immrax interprets jaxprs as well, but states no outward rounding and needs a system library; python-flint
cannot be traced.
"""

from jaxmix.numerics.interval.bounds import Interval, NoEnclosure
from jaxmix.numerics.interval.interpret import enclose
from jaxmix.numerics.interval.rules import RULES

__all__ = ["RULES", "Interval", "NoEnclosure", "enclose"]
