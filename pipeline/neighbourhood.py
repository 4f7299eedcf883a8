"""The graph around one entity, as a notebook draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.stores.graph_reader import WHO_WHAT_WHERE, GraphReader

if TYPE_CHECKING:
    import networkx

TYPED_WEIGHT = 3
"""How many co-mentions a stated relationship counts for when the nearest neighbours are chosen."""

CANDIDATES = 3
"""How many neighbours are looked up for each that is shown: some are dates."""

Edges = dict[str, dict[str, Any]]


def graph_around(reader: GraphReader, centre: str, depth: int, neighbours: int) -> networkx.Graph:
    """Take up to `depth` steps from an entity, at each node to the `neighbours` nearest."""
    import networkx

    around = {centre: _edges_of(reader, centre)}
    frontier, chosen = [centre], {centre}
    for _ in range(depth):
        near = [node for one in frontier for node in _nearest(reader, around[one], neighbours)]
        frontier = list(dict.fromkeys(node for node in near if node not in chosen))
        chosen |= set(frontier)
        around |= {node: _edges_of(reader, node) for node in frontier}
    graph: networkx.Graph = networkx.Graph()
    for row in reader.entities_by_id(sorted(chosen)).values():
        graph.add_node(row.id, name=row.name, type=row.type, mentions=row.mentions)
    for one, edges in around.items():
        for other, edge in edges.items():
            if other in graph:
                graph.add_edge(one, other, **edge)
    return graph


def _edges_of(reader: GraphReader, entity: str) -> Edges:
    """Gather an entity's edges by neighbour."""
    edges: Edges = {}
    for row in reader.co_mentions(entity):
        edges[row.entity_id] = {"predicates": ["co_mentioned"], "weight": row.weight}
    for fact in reader.entity_facts(entity):
        other = fact.object_id if fact.subject_id == entity else fact.subject_id
        edge = edges.setdefault(other, {"predicates": [], "weight": 0})
        if fact.predicate not in edge["predicates"]:
            edge["predicates"].append(fact.predicate)
        edge["weight"] += TYPED_WEIGHT
        edge.setdefault("quote", fact.quote)
    return edges


def _nearest(reader: GraphReader, edges: Edges, count: int) -> list[str]:
    """Choose the neighbours with the heaviest edges; dates and the like are passed over."""
    order = sorted(edges, key=lambda node: (-edges[node]["weight"], node))
    rows = reader.entities_by_id(order[: count * CANDIDATES]) if order else {}
    shown = [node for node in order if node in rows and rows[node].type in WHO_WHAT_WHERE]
    return shown[:count]
