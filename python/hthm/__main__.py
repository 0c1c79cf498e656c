"""``python -m hthm``: the same program as ``hthm``."""

import sys

from hthm.run import main

if __name__ == "__main__":
    sys.exit(main())
