-- The record. `hash` covers every other column; see chain.ts.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  time TEXT NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  tool TEXT NOT NULL,
  outcome TEXT NOT NULL,
  call_id TEXT NOT NULL,
  run_id TEXT,
  body TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX events_call ON events (call_id);
CREATE INDEX events_tool ON events (tool, seq);
CREATE INDEX events_run ON events (run_id) WHERE run_id IS NOT NULL;

-- The signed head of the Merkle tree over all event hashes: one row, replaced at every append.
CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  last_hash TEXT NOT NULL,
  frontier TEXT NOT NULL,
  root TEXT NOT NULL,
  time TEXT NOT NULL,
  signature TEXT NOT NULL
);

-- Heads kept: every thousandth (`kept`), and where older events were moved away (`cut`).
CREATE TABLE checkpoints (
  size INTEGER NOT NULL,
  reason TEXT NOT NULL,
  last_hash TEXT NOT NULL,
  frontier TEXT NOT NULL,
  root TEXT NOT NULL,
  time TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (size, reason)
) WITHOUT ROWID;

CREATE TABLE assets (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  manifest TEXT NOT NULL,
  call_id TEXT NOT NULL,
  created TEXT NOT NULL,
  PRIMARY KEY (kind, name, version),
  UNIQUE (kind, name, hash)
) WITHOUT ROWID;

-- One edge from each input to each output of an event.
CREATE TABLE lineage (
  seq INTEGER NOT NULL,
  from_kind TEXT NOT NULL,
  from_name TEXT NOT NULL,
  from_version INTEGER,
  from_hash TEXT,
  to_kind TEXT NOT NULL,
  to_name TEXT NOT NULL,
  to_version INTEGER,
  to_hash TEXT
);
CREATE INDEX lineage_from ON lineage (from_kind, from_name, from_version);
CREATE INDEX lineage_to ON lineage (to_kind, to_name, to_version);

-- What each event touched, so that everything said of one model or dataset can be found.
CREATE TABLE touched (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (kind, name, version, seq)
) WITHOUT ROWID;

CREATE TABLE experiments (name TEXT PRIMARY KEY, description TEXT NOT NULL, created TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  experiment TEXT NOT NULL REFERENCES experiments (name),
  name TEXT NOT NULL,
  tool TEXT NOT NULL,
  status TEXT NOT NULL,
  started TEXT NOT NULL,
  ended TEXT,
  note TEXT NOT NULL DEFAULT '',
  archived INTEGER NOT NULL DEFAULT 0,
  parent TEXT,
  info TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_started ON runs (started);

CREATE TABLE run_params (run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)) WITHOUT ROWID;
CREATE TABLE run_tags (run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)) WITHOUT ROWID;

-- The key holds the whole point, so that points said twice (a job taken over from a server that left) are kept once.
CREATE TABLE run_metrics (
  run_id TEXT NOT NULL,
  key TEXT NOT NULL,
  step INTEGER NOT NULL,
  time INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run_id, key, step, time, value)
) WITHOUT ROWID;
CREATE TABLE run_latest (run_id TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (run_id, key)) WITHOUT ROWID;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  tool TEXT NOT NULL,
  call TEXT NOT NULL,
  state TEXT NOT NULL,
  run_id TEXT,
  pid INTEGER,
  pid_started INTEGER,
  owner_pid INTEGER NOT NULL,
  owner_started INTEGER,
  created TEXT NOT NULL,
  ended TEXT,
  result TEXT,
  error TEXT
) WITHOUT ROWID;
CREATE INDEX jobs_state ON jobs (state);
