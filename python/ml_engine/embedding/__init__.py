"""Sentence embeddings: encoders of the BERT family as ONNX graphs."""
