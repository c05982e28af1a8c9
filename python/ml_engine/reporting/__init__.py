"""Pages for people: one HTML file each that needs nothing from anywhere, on a phone as on a desk, dark or light."""
