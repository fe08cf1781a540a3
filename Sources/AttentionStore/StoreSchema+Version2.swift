extension StoreSchema {
  /// What version 2 adds as SQL text: views alone, so that every table stays as it was.
  ///
  /// - `word_heatmap`: a row for each key of each cross-attention map, with everything that finds the map again.
  /// - `site_summary`: a row for each record, site and stored size: how many maps, steps, heads and bytes.
  /// - `comparison`: a row for each metric of each target, beside that of the same target left alone.
  public static let version2 = """
    -- A word (a key of a cross-attention map) at one site, step, branch and head of one run. The map is row map_id of
    -- attention_map; the word's values are those at index key of its last axis.
    CREATE VIEW word_heatmap AS
      SELECT map.id AS map_id, run.id AS run_id, run.hash, run.role, run.intervention, run.source_prompt, run.prompt,
        run.seed, record.name AS record, site.layer, site.path, site.height || 'x' || site.width AS grid,
        map.step, map.timestep, map.branch, map.head, map.height, map.width, map.keys,
        word.key, word.label, word.positions, map.dtype
      FROM attention_map AS map
        JOIN run_overview AS run ON run.id = map.run_id
        JOIN run AS settings ON settings.id = map.run_id
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id AND site.kind = 'cross'
        -- The unconditional half looks at the negative prompt.
        JOIN record_key AS word ON word.record_id = map.record_id AND word.kind = 'cross' AND word.prompt_id =
          iif(map.branch = 'conditional', settings.prompt_id, ifnull(settings.negative_prompt_id, settings.prompt_id));

    -- What a record holds of a site. grid is the attention's own, stored_grid that of the maps, after pooling;
    -- single_heads counts the heads that are stored by themselves, mean_maps the maps that are means over heads.
    CREATE VIEW site_summary AS
      SELECT (SELECT name FROM experiment) AS experiment, record.name AS record, site.kind, site.layer, site.path,
        site.height || 'x' || site.width AS grid, map.height || 'x' || map.width AS stored_grid, site.heads,
        count(DISTINCT map.head) AS single_heads, sum(map.head IS NULL) AS mean_maps, count(DISTINCT map.branch) AS branches,
        count(DISTINCT map.run_id) AS runs, count(DISTINCT map.step) AS steps, min(map.step) AS first_step,
        max(map.step) AS last_step, count(*) AS maps, sum(length(map.data)) AS bytes
      FROM attention_map AS map
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id
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
          AND none.scheduler = target.scheduler
        LEFT JOIN metric AS none_metric ON none_metric.run_id = none.id AND none_metric.name = metric.name
      WHERE target.role = 'target';
    """
}
