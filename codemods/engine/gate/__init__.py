"""Run the project's own tests before and after, and compare what fails."""

from codemods.engine.gate.comparison import Comparison
from codemods.engine.gate.suite import SuiteRun, run_tests

__all__ = ["Comparison", "SuiteRun", "run_tests"]
