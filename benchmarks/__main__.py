"""`python -m benchmarks NAME` does the same as `./paihao bench NAME`."""

import sys

from benchmarks.suite import main

sys.exit(main(sys.argv[1:]))
