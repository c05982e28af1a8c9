-- Names for one version of a thing: `loans@prod`. The alias `current` is what `loans` alone means after a rollback.
CREATE TABLE aliases (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (kind, name, alias)
) WITHOUT ROWID;

-- What is said of one version after it was made: its stage, why it is deprecated.
CREATE TABLE marks (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (kind, name, version, key)
) WITHOUT ROWID;
