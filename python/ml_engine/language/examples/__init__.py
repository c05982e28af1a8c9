"""What a language model learns from: one typed form, and the formats it is written in."""
