"""The maps of a word, read from an experiment's database with pandas: averaged, and compared between interventions.

    python Experiments/pandas/heatmaps.py Results/first-look/first-look.sqlite --word car --grid 16x16

It needs numpy and pandas, nothing of attnlab: a database is read by the views `word_heatmap`, `site_summary` and
`comparison`, which Sources/AttentionStore/AttentionStore.docc/AttentionStore.md describes.
"""

import argparse
import pathlib
import sqlite3

import numpy as np
import pandas as pd

TYPES = {"float32": "<f4", "float16": "<f2"}


def open_for_reading(path):
    return sqlite3.connect(f"{pathlib.Path(path).resolve().as_uri()}?mode=ro", uri=True)


def maps_of_word(database, word, grid):
    """One row for each stored map of a word in the conditional half: the mean over heads, or each head where heads are
    stored by themselves; `heat` is [height, width]."""
    rows = pd.read_sql_query(
        """
        SELECT word.*, run.source_run_id, map.data FROM word_heatmap AS word, json_each(word.maps)
          JOIN attention_map AS map ON map.id = json_each.value
          JOIN run ON run.id = word.run_id
        WHERE word.label = ? AND word.grid = ? AND word.branch = 'conditional' AND word.head IS NULL
        """,
        database,
        params=(word, grid),
    )

    def values(row):
        flat = np.frombuffer(row["data"], TYPES[row["dtype"]])
        return flat.reshape(row["height"], row["width"], row["keys"])[..., row["key"]].astype(np.float64)

    rows["heat"] = [values(row) for _, row in rows.iterrows()]
    return rows.drop(columns="data")


def mean_maps(rows):
    """The mean over layers, steps and heads of each run: one row a run."""
    columns = ["run_id", "source_run_id", "intervention", "source_prompt", "prompt", "seed", "setting"]
    means = rows.groupby(columns, dropna=False)["heat"].agg(lambda maps: np.mean(np.stack(list(maps)), axis=0))
    return means.reset_index()


def with_source(means):
    """Each target beside the run that was its source: the correlation of their mean maps over the cells."""
    # Beside rows without a source, ids of sources are read as numbers with a point.
    pairs = means.dropna(subset="source_run_id").astype({"source_run_id": "int64"}).merge(
        means[["run_id", "heat"]], left_on="source_run_id", right_on="run_id", suffixes=("", "_source")
    )
    pairs["correlation"] = [
        np.corrcoef(target.ravel(), source.ravel())[0, 1] for target, source in zip(pairs.heat, pairs.heat_source)
    ]
    return pairs


def picture(values):
    """A map in signs, from the least value to the largest."""
    shades = " .:-=+*#%@"
    scaled = (values - values.min()) / max(np.ptp(values), 1e-12)
    return "\n".join("".join(2 * shades[int(round(value * 9))] for value in row) for row in scaled)


def main():
    parser = argparse.ArgumentParser(description="Read the maps of a word from an experiment's database.")
    parser.add_argument("database")
    parser.add_argument("--word", default="car")
    parser.add_argument("--grid", default="16x16", help="of the sites: 16x16, 8x8, ...")
    options = parser.parse_args()
    pd.set_option("display.width", 120)
    database = open_for_reading(options.database)

    print("What is stored:")
    stored = pd.read_sql_query(
        "SELECT record, key_axis, stored_grid, count(*) AS sites, sum(maps) AS maps, sum(bytes) AS bytes FROM site_summary "
        "GROUP BY record, key_axis, stored_grid ORDER BY record, sites DESC",
        database,
    )
    print(stored.to_string(index=False), end="\n\n")

    rows = maps_of_word(database, options.word, options.grid)
    if rows.empty:
        raise SystemExit(f'no map of "{options.word}" at sites of {options.grid} cells; see record_key and site_summary')
    print(
        f'Maps of "{options.word}" at sites of {options.grid} cells: {len(rows)} of {rows.run_id.nunique()} runs, '
        f"layers {', '.join(map(str, sorted(rows.layer.unique())))}, {rows.step.nunique()} steps",
        end="\n\n",
    )

    means = mean_maps(rows)
    first = means.iloc[0]
    print(f'"{options.word}" in "{first.prompt}", seed {first.seed}, {first.intervention}: the mean over layers and steps,')
    print(f"{first.heat.min():.4f} (blank) to {first.heat.max():.4f} (@):")
    print(picture(first.heat), end="\n\n")

    pairs = with_source(means)
    if not pairs.empty:
        print("Correlation of a target's mean map with its source's, by intervention:")
        table = pairs.groupby("intervention", sort=False)["correlation"].agg(["mean", "min", "max", "count"])
        print(table.rename(columns={"count": "n"}).round(3).to_string(), end="\n\n")

    comparison = pd.read_sql_query("SELECT * FROM comparison WHERE intervention <> 'none' ORDER BY run_id", database)
    if not comparison.empty:
        print("Metrics of targets against those of the same targets left alone, mean difference over all pairs and seeds:")
        table = comparison.pivot_table(
            index="intervention", columns="metric", values="difference", aggfunc=["mean", "count"], sort=False
        )
        print(table.rename(columns={"count": "n"}).round(3).to_string())


if __name__ == "__main__":
    main()
