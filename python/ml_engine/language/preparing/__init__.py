"""Examples readied for training: checked, deduplicated, kept apart from evaluation sets, split."""
