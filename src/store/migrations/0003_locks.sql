-- Who works on something that only one process may work on at a time. A row whose process is gone holds nothing.
CREATE TABLE locks (
  name TEXT NOT NULL PRIMARY KEY,
  pid INTEGER NOT NULL,
  started INTEGER
) WITHOUT ROWID;
