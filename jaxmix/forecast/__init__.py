"""What measurements of a signal would tell of its parameters: likelihood, Fisher information, posterior samples."""

from jaxmix.forecast.likelihood import BENCHMARK, MEASUREMENTS, NAMES, Forecast, Measurement, Report, fisher

__all__ = ["BENCHMARK", "MEASUREMENTS", "NAMES", "Forecast", "Measurement", "Report", "fisher"]
