"""How long hypothesis looks for a counterexample: a little by default, thoroughly with `HYPOTHESIS_PROFILE=long`."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("short", deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("short"), max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
