extension StoreSchema {
  /// The views as SQL text: what is often asked, with names in place of ids.
  ///
  /// - `run_overview`, `planned_run`: a run with its prompts and settings; all of them, and those of the last plan.
  /// - `map_overview`: a map, or the mean over heads, with what finds it and its four numbers.
  /// - `word_heatmap`: a key of a text in one of those.
  /// - `site_summary`: what a record holds of a site.
  /// - `comparison`: a metric of a target beside that of the same target left alone.
  public static let views = """
    CREATE VIEW run_overview AS
      SELECT run.id, run.hash, run.group_hash, run.role, run.intervention, prompt.text AS prompt,
        negative.text AS negative_prompt, source_prompt.text AS source_prompt, run.source_run_id, run.seed, run.calls,
        setting.label AS setting, setting.num_inference_steps, setting.guidance_scale, setting.scheduler,
        setting.scheduler_settings, setting.height, setting.width, run.status, run.error
      FROM run
        JOIN setting ON setting.id = run.setting_id
        JOIN prompt ON prompt.id = run.prompt_id
        LEFT JOIN prompt AS negative ON negative.id = setting.negative_prompt_id
        LEFT JOIN run AS source ON source.id = run.source_run_id
        LEFT JOIN prompt AS source_prompt ON source_prompt.id = source.prompt_id;

    -- The stored runs of the plan that was begun last; every run where no plan is written down.
    CREATE VIEW planned_run AS
      SELECT * FROM run_overview
      WHERE hash IN (SELECT run_hash FROM plan_run WHERE plan_id = (SELECT max(id) FROM plan))
        OR NOT EXISTS (SELECT 1 FROM plan);

    -- Every map, and the mean over heads wherever single heads are stored without it: head IS NULL asks for the mean,
    -- and head = 3 for a head, however a record keeps them. maps are the ids of the rows of attention_map whose mean it
    -- is, a JSON array. mean and mass are the mean over heads too; minimum and maximum are of the values of those rows.
    CREATE VIEW map_overview AS
      SELECT map.run_id, run.hash, run.role, run.intervention, run.source_prompt, run.prompt, run.seed, run.setting,
        map.record_id, record.name AS record, record.of, site.layer, site.path, site.query_axis, site.key_axis,
        site.query_width || 'x' || site.query_height AS grid, map.step, map.timestep, map.branch, map.head, site.heads,
        map.height, map.width, map.keys, map.minimum, map.maximum, map.mean, map.mass, map.dtype, map.maps
      FROM (
          SELECT run_id, record_id, site_id, step, timestep, branch, head, height, width, keys, minimum, maximum, mean,
            mass, dtype, '[' || id || ']' AS maps
          FROM attention_map
          UNION ALL
          SELECT run_id, record_id, site_id, step, timestep, branch, NULL, height, width, keys, min(minimum),
            max(maximum), avg(mean), avg(mass), dtype, '[' || group_concat(id) || ']'
          FROM attention_map AS single
          WHERE head IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM attention_map AS whole
            WHERE whole.run_id = single.run_id AND whole.record_id = single.record_id AND whole.step = single.step
              AND whole.site_id = single.site_id AND whole.branch = single.branch AND whole.head IS NULL)
          GROUP BY run_id, record_id, step, site_id, branch
          -- Of maps of two sizes there is no mean.
          HAVING min(height) = max(height) AND min(width) = max(width) AND min(keys) = max(keys)
        ) AS map
        JOIN planned_run AS run ON run.id = map.run_id
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id;

    -- A word (a key of a text) in a row of map_overview. Its values are those at index key of each map's last axis.
    CREATE VIEW word_heatmap AS
      SELECT map.maps, map.run_id, map.hash, map.role, map.intervention, map.source_prompt, map.prompt, map.seed,
        map.setting, map.record, map.of, map.layer, map.path, map.grid, map.step, map.timestep, map.branch, map.head,
        map.height, map.width, map.keys, word.key, word.label, word.positions, map.dtype
      FROM map_overview AS map
        JOIN run ON run.id = map.run_id
        JOIN setting ON setting.id = run.setting_id
        -- The unconditional half looks at the negative prompt.
        JOIN record_key AS word ON word.record_id = map.record_id AND word.prompt_id =
          iif(map.branch = 'conditional', run.prompt_id, ifnull(setting.negative_prompt_id, run.prompt_id))
      WHERE map.key_axis = 'text';

    -- What a record holds of a site. grid is the attention's own, width x height, stored_grid that of the maps, after
    -- pooling; single_heads counts the heads that are stored by themselves, mean_maps the maps that are means over heads.
    -- minimum and maximum are of all its values, mass is the mean over its maps.
    CREATE VIEW site_summary AS
      SELECT (SELECT name FROM experiment) AS experiment, record.name AS record, record.of, site.query_axis,
        site.key_axis, site.layer, site.path, site.query_width || 'x' || site.query_height AS grid,
        map.width || 'x' || map.height AS stored_grid, site.heads, count(DISTINCT map.head) AS single_heads,
        sum(map.head IS NULL) AS mean_maps, count(DISTINCT map.branch) AS branches,
        count(DISTINCT map.run_id) AS runs, count(DISTINCT map.step) AS steps, min(map.step) AS first_step,
        max(map.step) AS last_step, count(*) AS maps, sum(length(map.data)) AS bytes, min(map.minimum) AS minimum,
        max(map.maximum) AS maximum, avg(map.mass) AS mass
      FROM attention_map AS map
        JOIN record ON record.id = map.record_id
        JOIN site ON site.id = map.site_id
      WHERE map.run_id IN (SELECT id FROM planned_run)
      GROUP BY map.record_id, map.site_id, map.height, map.width;

    \(comparison)
    """

  /// The view `comparison`. A target has one row for each of its metrics, also where several runs could stand beside it.
  static let comparison = """
    -- A target's metric beside that of the intervention named none with the same source prompt, prompt, seed and
    -- setting. A source is a run of its own in each group that its targets fill, so its prompt counts and not its id.
    -- none_value and difference (value - none_value) are NULL where there is none, or one of both is not a number.
    CREATE VIEW comparison AS
      SELECT target.id AS run_id, target.hash, target.source_prompt, target.prompt, target.seed, target.setting,
        target.num_inference_steps, target.guidance_scale, target.scheduler, target.intervention,
        metric.name AS metric, metric.value, none.id AS none_run_id, none_metric.value AS none_value,
        metric.value - none_metric.value AS difference
      FROM planned_run AS target
        JOIN run ON run.id = target.id
        JOIN metric ON metric.run_id = target.id
        LEFT JOIN run AS source ON source.id = run.source_run_id
        LEFT JOIN (
            SELECT min(alone.id) AS id, alone.prompt_id, alone.seed, alone.setting_id,
              source.prompt_id AS source_prompt_id
            FROM planned_run
              JOIN run AS alone ON alone.id = planned_run.id
              LEFT JOIN run AS source ON source.id = alone.source_run_id
            WHERE alone.intervention = 'none'
            GROUP BY alone.prompt_id, alone.seed, alone.setting_id, source.prompt_id
          ) AS none
          ON none.prompt_id = run.prompt_id AND none.seed = target.seed AND none.setting_id = run.setting_id
            AND none.source_prompt_id IS source.prompt_id
        LEFT JOIN metric AS none_metric ON none_metric.run_id = none.id AND none_metric.name = metric.name
      WHERE target.role = 'target';
    """

  /// The words of `comparison` in older databases, which finds `none` in the target's own group alone. Nothing here reads the
  /// view, so such a database is opened as it is, and `renewViews` replaces it where the database is opened for writing.
  static let formerComparison = """
    CREATE VIEW comparison AS
      SELECT target.id AS run_id, target.hash, target.source_prompt, target.prompt, target.seed, target.setting,
        target.num_inference_steps, target.guidance_scale, target.scheduler, target.intervention,
        metric.name AS metric, metric.value, none.id AS none_run_id, none_metric.value AS none_value,
        metric.value - none_metric.value AS difference
      FROM planned_run AS target
        JOIN run ON run.id = target.id
        JOIN metric ON metric.run_id = target.id
        LEFT JOIN run AS none ON none.intervention = 'none' AND none.source_run_id IS target.source_run_id
          AND none.prompt_id = run.prompt_id AND none.seed = target.seed AND none.setting_id = run.setting_id
          AND none.id IN (SELECT id FROM planned_run)
        LEFT JOIN metric AS none_metric ON none_metric.run_id = none.id AND none_metric.name = metric.name
      WHERE target.role = 'target'
    """
}
