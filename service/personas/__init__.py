"""Use cases: the persona catalogue, people's overrides of personas, and lineage."""
