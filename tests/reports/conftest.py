"""What the tests of reports have in common."""

from tests.reports.lives import life as life
from tests.reports.talks import talk as talk
