"""Language models: opened, fine-tuned, quantized, measured and staged for the registry."""
