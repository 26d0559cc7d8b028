"""``python -m radaudit.cli`` is the command ``radaudit``, as ``python -m radaudit`` is."""

import sys

from radaudit.cli import main

sys.exit(main())
