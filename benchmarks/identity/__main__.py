"""Whether personas keep their identity over retrains, and whether the acceptance checks refuse poisoned data.

    .venv/bin/python -m benchmarks.identity [--generator ours second] [--variant medium hard] [--table wine …]
        [--k 5 auto] [--retrains 10] [--sizes 5000 50000 …] [--poison]

Retrains in a row, each on other people of the same population, with its own seed and size, after the model before
it; both models score a panel of 10,000 people. On a table, each retrain is on one half of its rows after a model
of the other half. "Half of the people exchanged" means that 5,000 of 10,000 rows stay.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.identity.poison import refused
from benchmarks.identity.populations import Generated, Population, Table
from benchmarks.identity.refits import Retrain, exchanged, retrains
from benchmarks.recovery.generators.registry import GENERATORS

SIZES = [5_000, 50_000, 8_000, 30_000, 12_000, 20_000, 6_000, 40_000, 10_000, 25_000, 15_000]
EXCHANGED = 5_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generator", nargs="*", choices=tuple(GENERATORS), default=["ours"])
    parser.add_argument("--variant", nargs="+", default=["medium", "hard"], help="variants of the generators")
    parser.add_argument("--table", nargs="+", default=[], help="instead: tables of scikit-learn, or CSV files")
    parser.add_argument("--k", nargs="+", default=["5", "auto"])
    parser.add_argument("--retrains", type=int, default=10)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="rows of the retrains")
    parser.add_argument("--poison", action="store_true", help="the acceptance checks on poisoned data instead")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the poisoned data")
    options = parser.parse_args()
    populations: list[Population] = [Table(name) for name in options.table] or [
        Generated(generator, variant)
        for generator in options.generator
        for variant in GENERATORS[generator].chosen(tuple(options.variant))
    ]
    with tempfile.TemporaryDirectory() as folder:
        for population in populations:
            for text in options.k:
                report = _poison if options.poison else _identity
                report(population, text if text == "auto" else int(text), options, Path(folder))


def _identity(population: Population, k: int | str, options: argparse.Namespace, out: Path) -> None:
    print(f"\n{population.title}, k = {k}: {options.retrains} retrains")
    done = []
    for retrain in retrains(population, k, options.sizes, options.retrains, out):
        done.append(retrain)
        print(_line(retrain), flush=True)
    shares = [retrain.same for retrain in done]
    unchanged = sum(retrain.same_ids for retrain in done)
    refusals = Counter(check for retrain in done for check in retrain.failed)
    print(f"  least {min(shares):.3f}, mean {np.mean(shares):.3f}; ids unchanged in {unchanged}")
    print(f"  refused {sum(bool(retrain.failed) for retrain in done)} of {len(done)}: {dict(refusals)}")
    if isinstance(population, Generated):
        share = exchanged(population, k, EXCHANGED, out)
        print(f"  half of the people exchanged: {share:.3f} of the others keep theirs")


def _line(retrain: Retrain) -> str:
    verdict = f"refused: {', '.join(retrain.failed)}" if retrain.failed else "not refused"
    unjudged = f"; not judged: {', '.join(retrain.unjudged)}" if retrain.unjudged else ""
    ids_text = "all ids" if retrain.same_ids else "NOT all ids"
    return (
        f"  {retrain.rows:6,} rows  {retrain.personas_before} → {retrain.personas} personas, {ids_text}, "
        f"{retrain.same_names} generated names unchanged, "
        f"{retrain.same:.3f} of the panel keep their persona  {verdict}{unjudged}"
    )


def _poison(population: Population, k: int | str, options: argparse.Namespace, out: Path) -> None:
    print(f"\n{population.title}, k = {k}, {options.rows:,} rows")
    for name, checks in refused(population, options.rows, k, out):
        print(f"  {name:44} {'refused: ' + ', '.join(checks) if checks else 'not refused'}", flush=True)


if __name__ == "__main__":
    main()
