"""``python -m radaudit`` is the command ``radaudit``."""

import sys

from radaudit.cli import main

sys.exit(main())
