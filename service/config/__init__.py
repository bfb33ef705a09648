"""The settings: environment variables `PAIHAO_*`, read once at the start, and the secrets."""
