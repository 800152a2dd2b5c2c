"""The usual notebook: one-hot by pandas, StandardScaler, PCA, K-Means for each k, silhouettes.

    .venv/bin/python -m benchmarks.notebook_way profiles.parquet

`benchmarks.training` compares with it. It is as good as such a notebook can be.
"""

import sys
from typing import Any

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

LISTS = ("hobbies", "favourite_items", "favourite_movies", "gift_history")
VARIANCE = 0.90
KS = range(2, 11)
STARTS = 10
SAMPLE = 10_000


def main(path: str) -> int:
    """The number of clusters with the best silhouette."""
    table = encoded(pd.read_parquet(path))
    scores = PCA(VARIANCE).fit_transform(StandardScaler().fit_transform(table))
    best, silhouettes = 0, {}
    for k in KS:
        labels = KMeans(k, n_init=STARTS, random_state=0).fit_predict(scores)
        sample = min(SAMPLE, len(scores))
        silhouettes[k] = silhouette_score(scores, labels, sample_size=sample, random_state=0)
        best = max(silhouettes, key=silhouettes.__getitem__)
    return best


def encoded(frame: pd.DataFrame) -> pd.DataFrame:
    """A column of 0 and 1 for every value; missing numbers are replaced by the median."""
    numbers = list(frame.select_dtypes("number").columns)
    choices = [name for name in frame if name not in LISTS and name not in numbers]
    tables = [frame[numbers].fillna(frame[numbers].median()), pd.get_dummies(frame[choices], dtype=float)]
    return pd.concat([*tables, *(_ticked(frame[name]) for name in LISTS)], axis=1).astype(float)


def _ticked(answers: "pd.Series[Any]") -> pd.DataFrame:
    binarizer = MultiLabelBinarizer()
    ticks = binarizer.fit_transform([[] if given is None else given for given in answers])
    names = [f"{answers.name}={value}" for value in binarizer.classes_]
    return pd.DataFrame(ticks, columns=names, index=answers.index)


if __name__ == "__main__":
    print(main(sys.argv[1]))
