"""Tests of identity below the rim: statements, hashes, tokens of single sign-on."""
