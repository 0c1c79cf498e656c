"""What every test can count on."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A shell without job control starts background jobs with SIGINT ignored, and children inherit that: tests of Ctrl-C
# would wait for what never comes.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A test never asserts a time: hypothesis would fail an example that takes longer than 200 ms, as on a busy machine.
settings.register_profile("hthm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hthm")
