extension StoreSchema {
  /// What version 4 changes as SQL text: several plans live in one database.
  ///
  /// - `plan`, `plan_run`, `plan_site`: every plan that was begun, with its runs in their order. The one of the largest
  ///   id was begun last; reports are of that one. `planned_run` is a view of its runs that are stored, and the other views
  ///   that count or compare are of these runs alone.
  /// - `prompt`, `site` and `record` take what two plans call by the same name: the text of a prompt that two models split
  ///   differently, a layer of another model, an entry of `record` with other settings.
  /// - `run.calls`: how often the model was called, which is the number of steps that maps are counted by.
  /// - `grid` and `stored_grid` of the views: width x height, as everywhere.
  /// - `metric.source`: what a value was measured with, in place of the table `metric_source`: runs of two plans may
  ///   have been measured by different definitions.
  ///
  /// A failed run of an earlier version failed with its whole group; it is tried again.
  public static let version4 = """
    CREATE TABLE new_prompt (
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL,                      -- twice where two models split it into other tokens
      truncated_words TEXT NOT NULL            -- JSON array: words that did not fit and that the model never saw
    ) STRICT;
    INSERT INTO new_prompt (id, text, truncated_words) SELECT id, text, truncated_words FROM prompt;
    DROP TABLE prompt;
    ALTER TABLE new_prompt RENAME TO prompt;
    CREATE INDEX prompt_by_text ON prompt (text);

    CREATE TABLE new_site (
      id INTEGER PRIMARY KEY,
      path TEXT NOT NULL,                      -- the diffusers module path
      kind TEXT NOT NULL CHECK (kind IN ('self', 'cross')),
      layer INTEGER NOT NULL,                  -- transformer blocks in forward order, from 1
      forward_index INTEGER NOT NULL,          -- attentions in forward order, from 0
      height INTEGER NOT NULL,                 -- queries: rows and columns of the site's grid
      width INTEGER NOT NULL,
      heads INTEGER NOT NULL,
      latent_height INTEGER NOT NULL,          -- the latents that the grid was computed for
      latent_width INTEGER NOT NULL,
      UNIQUE (path, height, width, latent_height, latent_width, kind, layer, forward_index, heads)
    ) STRICT;
    INSERT INTO new_site (id, path, kind, layer, forward_index, height, width, heads, latent_height, latent_width)
      SELECT id, path, kind, layer, forward_index, height, width, heads, latent_height, latent_width FROM site;
    DROP TABLE site;
    ALTER TABLE new_site RENAME TO site;

    CREATE TABLE new_record (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      spec TEXT NOT NULL,                      -- the entry of the experiment file
      UNIQUE (name, spec)
    ) STRICT;
    INSERT INTO new_record (id, name, spec) SELECT id, name, spec FROM record;
    DROP TABLE record;
    ALTER TABLE new_record RENAME TO record;

    ALTER TABLE run ADD COLUMN calls INTEGER NOT NULL DEFAULT 0;
    UPDATE run SET calls = steps;
    UPDATE run SET status = 'pending', error = NULL WHERE status = 'failed';

    ALTER TABLE metric ADD COLUMN source TEXT;
    UPDATE metric SET source = (SELECT hash FROM metric_source WHERE metric_source.name = metric.name);
    DROP TABLE metric_source;

    CREATE TABLE plan (
      id INTEGER PRIMARY KEY,                  -- the largest is of the plan that was begun last
      hash TEXT NOT NULL UNIQUE,               -- of the hashes of its runs, in their order
      spec TEXT NOT NULL,                      -- the resolved experiment file, YAML
      spec_hash TEXT NOT NULL,
      model TEXT NOT NULL,                     -- a bundled name or a folder
      model_hash TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      engine TEXT NOT NULL
    ) STRICT;
    CREATE TABLE plan_run (
      plan_id INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
      position INTEGER NOT NULL CHECK (position >= 0),
      run_hash TEXT NOT NULL,                  -- the hash of a run, which is stored once its group is begun
      PRIMARY KEY (plan_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX plan_run_by_hash ON plan_run (run_hash);
    CREATE TABLE plan_site (
      plan_id INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
      site_id INTEGER NOT NULL REFERENCES site (id),
      PRIMARY KEY (plan_id, site_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX plan_site_by_site ON plan_site (site_id);

    DROP VIEW word_heatmap;
    DROP VIEW site_summary;
    DROP VIEW comparison;

    -- The stored runs of the plan that was begun last; every run where no plan is written down.
    CREATE VIEW planned_run AS
      SELECT * FROM run_overview
      WHERE hash IN (SELECT run_hash FROM plan_run WHERE plan_id = (SELECT max(id) FROM plan))
        OR NOT EXISTS (SELECT 1 FROM plan);

    -- A word (a key of a cross-attention map) at one site, step, branch and head of one run. The map is row map_id of
    -- attention_map; the word's values are those at index key of its last axis.
    CREATE VIEW word_heatmap AS
      SELECT map.id AS map_id, run.id AS run_id, run.hash, run.role, run.intervention, run.source_prompt, run.prompt,
        run.seed, record.name AS record, site.layer, site.path, site.width || 'x' || site.height AS grid,
        map.step, map.timestep, map.branch, map.head, map.height, map.width, map.keys,
        word.key, word.label, word.positions, map.dtype
      FROM attention_map AS map
        JOIN planned_run AS run ON run.id = map.run_id
        JOIN run AS settings ON settings.id = map.run_id
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id AND site.kind = 'cross'
        -- The unconditional half looks at the negative prompt.
        JOIN record_key AS word ON word.record_id = map.record_id AND word.kind = 'cross' AND word.prompt_id =
          iif(map.branch = 'conditional', settings.prompt_id, ifnull(settings.negative_prompt_id, settings.prompt_id));

    -- What a record holds of a site. grid is the attention's own, width x height, stored_grid that of the maps, after pooling;
    -- single_heads counts the heads that are stored by themselves, mean_maps the maps that are means over heads.
    CREATE VIEW site_summary AS
      SELECT (SELECT name FROM experiment) AS experiment, record.name AS record, site.kind, site.layer, site.path,
        site.width || 'x' || site.height AS grid, map.width || 'x' || map.height AS stored_grid, site.heads,
        count(DISTINCT map.head) AS single_heads, sum(map.head IS NULL) AS mean_maps, count(DISTINCT map.branch) AS branches,
        count(DISTINCT map.run_id) AS runs, count(DISTINCT map.step) AS steps, min(map.step) AS first_step,
        max(map.step) AS last_step, count(*) AS maps, sum(length(map.data)) AS bytes
      FROM attention_map AS map
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id
      WHERE map.run_id IN (SELECT id FROM planned_run)
      GROUP BY map.record_id, map.site_id, map.height, map.width;

    -- A target's metric beside that of the intervention named none with the same source, prompt, seed and settings.
    -- none_value and difference (value - none_value) are NULL where there is none, or one of both is not a number.
    CREATE VIEW comparison AS
      SELECT target.id AS run_id, target.hash, source_prompt.text AS source_prompt, prompt.text AS prompt, target.seed,
        target.guidance_scale, target.steps, target.scheduler, target.intervention,
        metric.name AS metric, metric.value, none.id AS none_run_id, none_metric.value AS none_value,
        metric.value - none_metric.value AS difference
      FROM run AS target
        JOIN prompt ON prompt.id = target.prompt_id
        JOIN metric ON metric.run_id = target.id
        LEFT JOIN run AS source ON source.id = target.source_run_id
        LEFT JOIN prompt AS source_prompt ON source_prompt.id = source.prompt_id
        LEFT JOIN run AS none ON none.intervention = 'none' AND none.source_run_id IS target.source_run_id
          AND none.prompt_id = target.prompt_id AND none.negative_prompt_id IS target.negative_prompt_id
          AND none.seed = target.seed AND none.height = target.height AND none.width = target.width
          AND none.steps = target.steps AND none.guidance_scale = target.guidance_scale
          AND none.scheduler = target.scheduler AND none.id IN (SELECT id FROM planned_run)
        LEFT JOIN metric AS none_metric ON none_metric.run_id = none.id AND none_metric.name = metric.name
      WHERE target.role = 'target' AND target.id IN (SELECT id FROM planned_run);
    """
}
