"""Language models scored by lm-evaluation-harness."""
