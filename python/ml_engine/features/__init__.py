"""Feature views: what a feature is, its value at an instant, and the newest values by key."""
