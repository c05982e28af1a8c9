"""Exact search by FAISS as LangChain's default store does it: `faiss_flat.py ROWS DIMENSIONS QUERIES`, one question at a time."""

import json
import sys
import time

import faiss
import numpy as np

rows, dimensions, queries = map(int, sys.argv[1:])
generator = np.random.default_rng(0)
vectors = generator.standard_normal((rows, dimensions), dtype=np.float32)
index = faiss.IndexFlatL2(dimensions)
index.add(vectors)
times: list[float] = []
for one in generator.standard_normal((queries, 1, dimensions), dtype=np.float32):
    began = time.perf_counter()
    index.search(one, 10)
    times.append(1000 * (time.perf_counter() - began))
print(json.dumps({"p50": float(np.median(times)), "p95": float(np.quantile(times, 0.95))}))
