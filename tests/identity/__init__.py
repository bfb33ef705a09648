"""Tests of the identity package without HTTP: password hashes, opaque tokens, single sign-on."""
