"""Tests of the quality of observations by QARTOD: what they go by, what they say, and when they run."""
