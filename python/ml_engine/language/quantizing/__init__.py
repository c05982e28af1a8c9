"""Ways to hold a language model's weights in fewer bits."""
