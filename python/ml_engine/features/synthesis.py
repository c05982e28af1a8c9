"""Deep feature synthesis: primitives stacked along the relations of several tables.

Kanter & Veeramachaneni, "Deep Feature Synthesis: Towards Automating Data Science Endeavors" (DSAA 2015). Names,
primitives and what may stand upon what are those of Featuretools' defaults.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

Kind = Literal["numeric", "category", "boolean", "time", "text", "key"]
PARENT = "\x00parent"


class Relation(NamedTuple):
    """`child.column` holds keys of `parent`."""

    child: str
    column: str
    parent: str


Path = tuple[Relation, ...]
"""From a descendant up to an ancestor."""


@dataclass(frozen=True)
class Made:
    """One feature of a table; its values are the column of its name."""

    name: str
    kind: Kind
    depth: int
    primitive: str = ""
    through: Path = ()
    """The relation that a direct feature came by."""


@dataclass
class Entity:
    """A table with a key, and the features made for it so far."""

    name: str
    frame: pl.DataFrame
    key: str
    kinds: dict[str, Kind]
    features: list[Made] = field(default_factory=list[Made])

    def add(self, feature: Made, values: pl.Series) -> None:
        self.features = [one for one in self.features if one.name != feature.name]
        self.features.append(feature)
        self.frame = self.frame.with_columns(values.alias(feature.name))


NUMERIC: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "MAX": lambda column: column.max(),
    "MEAN": lambda column: column.mean(),
    "MIN": lambda column: column.min(),
    "SKEW": lambda column: column.skew(bias=False),
    "STD": lambda column: column.std(ddof=1),
    "SUM": lambda column: column.sum(),
}
CATEGORY: dict[str, tuple[Kind, Callable[[pl.Expr], pl.Expr]]] = {
    "MODE": ("category", lambda column: column.drop_nulls().mode().sort().first()),
    "NUM_UNIQUE": ("numeric", lambda column: column.drop_nulls().n_unique().cast(pl.Int64)),
}
NOT_UPON = {"MAX": ("MAX",), "MIN": ("MIN",), "SKEW": ("SKEW",), "STD": ("STD",), "SUM": ("SUM", "COUNT")}
"""Aggregates that say nothing new of another: the largest of largest values is the largest."""


def _not_upon(primitive: str) -> tuple[str, ...]:
    return NOT_UPON.get(primitive, ())


TIME: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "DAY": lambda column: column.dt.day(),
    "MONTH": lambda column: column.dt.month(),
    "WEEKDAY": lambda column: column.dt.weekday() - 1,
    "YEAR": lambda column: column.dt.year(),
}
TEXT: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "NUM_CHARACTERS": lambda column: column.str.len_chars(),
    "NUM_WORDS": lambda column: column.str.count_matches(r"\S+"),
}


@dataclass
class Synthesis:
    """Tables, how they hang together, and the primitives to use."""

    entities: dict[str, Entity]
    relations: list[Relation]
    aggregates: frozenset[str] = frozenset({"COUNT", "PERCENT_TRUE", *NUMERIC, *CATEGORY})
    transforms: frozenset[str] = frozenset({*TIME, *TEXT})

    def run(self, target: str, depth: int) -> list[Made]:
        """Makes the features of `target` up to `depth` primitives upon each other; answers those a model takes."""
        self._visited: set[str] = set()
        for entity in self.entities.values():
            entity.features = []
        self._visit(target, depth, ())
        return [
            one
            for one in self.entities[target].features
            if one.kind != "time" and one.name != self.entities[target].key
        ]

    def _begin(self, entity: Entity) -> None:
        entity.features = [Made(name, kind, 0) for name, kind in entity.kinds.items() if name != entity.key]

    def _visit(self, name: str, depth: int, path: Path) -> None:
        if depth < 0:
            return
        entity = self.entities[name]
        self._visited.add(name)
        self._begin(entity)
        for relation in self.relations:
            if relation.parent == name and relation not in path:
                self._visit(relation.child, depth - 1, (*path, relation))
        for upward in self._descents(name):
            self._aggregate(entity, upward, depth)
        if depth > 0:
            self._transform(entity, depth)
        for relation in self.relations:
            if relation.child == name and relation not in path:
                self._visit(relation.parent, depth - 1, (*path, relation))
        for relation in self.relations:
            if relation.child == name:
                self._direct(entity, relation, depth)

    def _descents(self, name: str, above: Path = ()) -> Iterator[Path]:
        for relation in self.relations:
            if relation.parent == name and relation not in above:
                yield (relation, *above)
                yield from self._descents(relation.child, (relation, *above))

    def _aggregate(self, entity: Entity, upward: Path, depth: int) -> None:
        child = self.entities[upward[0].child]
        if child.name not in self._visited:  # Further away than `depth` reaches.
            return
        wanted: list[tuple[Made, pl.Expr]] = []
        if "COUNT" in self.aggregates and depth >= 1:
            wanted.append((Made(f"COUNT({child.name})", "numeric", 1, "COUNT"), pl.len().cast(pl.Int64)))
        for base in child.features:
            if base.depth < depth and base.through != upward:
                wanted += self._aggregates_of(child.name, base)
        if not wanted:
            return
        rows = self._with_ancestor(child.frame, upward)
        counted = rows.group_by(PARENT).agg(expression.alias(made.name) for made, expression in wanted)
        joined = entity.frame.select(pl.col(entity.key).alias(PARENT)).join(counted, on=PARENT, how="left")
        for made, _ in wanted:
            values = joined[made.name]
            entity.add(made, values.fill_null(0) if made.primitive in ("COUNT", "SUM", "NUM_UNIQUE") else values)

    def _aggregates_of(self, child: str, base: Made) -> list[tuple[Made, pl.Expr]]:
        """What can be said of many rows' values of `base`."""
        column = pl.col(base.name)
        made: list[tuple[str, Kind, pl.Expr]] = []
        if base.kind == "numeric":
            made = [
                (name, "numeric", of(column)) for name, of in NUMERIC.items() if base.primitive not in _not_upon(name)
            ]
        elif base.kind == "category":
            made = [(name, kind, of(column)) for name, (kind, of) in CATEGORY.items()]
        elif base.kind == "boolean":
            made = [("PERCENT_TRUE", "numeric", column.mean())]
        return [
            (Made(f"{name}({child}.{base.name})", kind, base.depth + 1, name), expression)
            for name, kind, expression in made
            if name in self.aggregates
        ]

    def _with_ancestor(self, frame: pl.DataFrame, upward: Path) -> pl.DataFrame:
        """`frame` with the key of the ancestor that `upward` leads to."""
        rows = frame.with_columns(pl.col(upward[0].column).alias(PARENT))
        for relation in upward[1:]:
            between = self.entities[relation.child]
            keys = between.frame.select(pl.col(between.key).alias(PARENT), pl.col(relation.column).alias("\x00next"))
            rows = rows.join(keys, on=PARENT, how="left").drop(PARENT).rename({"\x00next": PARENT})
        return rows.drop_nulls(PARENT)

    def _transform(self, entity: Entity, depth: int) -> None:
        for base in list(entity.features):
            if base.depth >= depth or base.kind not in ("time", "text"):
                continue
            for primitive, made in (TIME if base.kind == "time" else TEXT).items():
                if primitive in self.transforms:
                    kind: Kind = "category" if base.kind == "time" else "numeric"
                    feature = Made(f"{primitive}({base.name})", kind, base.depth + 1, primitive)
                    entity.add(feature, entity.frame.select(made(pl.col(base.name)).cast(pl.Int64)).to_series())

    def _direct(self, entity: Entity, relation: Relation, depth: int) -> None:
        parent = self.entities[relation.parent]
        bases = [
            one for one in parent.features if one.depth <= depth and one.kind != "key" and relation not in one.through
        ]
        if not bases:
            return
        keyed = parent.frame.select(pl.col(parent.key).alias(PARENT), *(pl.col(one.name) for one in bases))
        joined = entity.frame.select(pl.col(relation.column).alias(PARENT)).join(keyed, on=PARENT, how="left")
        for base in bases:
            made = Made(
                f"{parent.name}.{base.name}", base.kind, base.depth + 1, base.primitive, (relation, *base.through)
            )
            entity.add(made, joined[base.name])
