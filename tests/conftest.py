"""What every test can count on."""

from __future__ import annotations

import signal

# A shell without job control starts background jobs with SIGINT ignored, and children inherit that: tests of Ctrl-C
# would wait for what never comes.
signal.signal(signal.SIGINT, signal.default_int_handler)
