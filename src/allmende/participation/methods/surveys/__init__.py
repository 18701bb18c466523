"""Surveys with questions: what is asked of whom, what was answered, what may be told of it."""
