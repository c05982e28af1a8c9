"""Outcomes and errors of a model by group: who the groups are, what is measured, what evens it out."""
