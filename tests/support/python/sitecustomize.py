"""Adds the ops that only tests run: what a worker must survive."""

import os

import ml_engine.ops

ml_engine.ops.__path__.append(os.path.dirname(__file__))
