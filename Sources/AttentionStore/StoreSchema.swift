/// The tables of an experiment's database.
///
/// One SQLite file holds one experiment. It is in WAL mode, its `application_id` is `StoreSchema.applicationID` and its
/// `user_version` the number of the schema, so any SQLite tool opens it and this one refuses what it does not know.
/// The comments below travel with the tables: `.schema` in the `sqlite3` shell prints them.
///
/// - `experiment`: one row, what was asked and of which model.
/// - `prompt`, `token`: every text that was encoded and its token positions, which is what the keys of a
///   cross-attention map are.
/// - `site`: the attentions of the model, one row for each size of the latents.
/// - `run`: one picture to be made, with its settings. A group (`group_hash`) is a source run and the runs that use it;
///   they go through the steps together. `run_overview` is a view of it with the prompts spelled out.
/// - `checkpoint`: what an unfinished group needs to go on after `step`. A finished group has none.
/// - `record`: one entry of the experiment file's list of what to record; `record_key` says which token positions
///   the keys of its cross-attention maps are.
/// - `attention_map`: the maps, one row for each run, record, site, step, branch and head.
/// - `metric`, `probe_result`, `artifact`: what was measured, and the files that were written.
/// - `plan`, `plan_run`, `plan_site`: the plans that were begun, each with its runs in their order and its sites; the last
///   one has the largest id. A run that two plans share is stored once.
/// - `word_heatmap`, `site_summary`, `comparison`, `planned_run`: views for questions that are often asked.
///
/// The values of a map are little-endian and lie row by row: `[height, width, keys]`, so the value of query
/// `(y, x)` and key `k` is number `(y * width + x) * keys + k`. They are float32 or IEEE half precision (`float16`).
/// For self-attention `keys` is `height * width` and key `k` stands at `(k / width, k % width)`.
///
/// SQLite 3.37 or newer reads it: the tables are `STRICT`, so a column holds nothing but its type.
public enum StoreSchema {
  /// `attn` in ASCII: the mark of this tool's databases, in the file's header.
  public static let applicationID: Int32 = 0x6174_746e

  /// The number of the newest schema: how many migrations there are.
  public static var version: Int { migrations.count }

  /// The steps from an empty file to the present schema; the first leads to `user_version` 1.
  ///
  /// A migration that has been released is never changed: a new one is added behind it.
  static let migrations: [String] = [version1, version2, version3, version4]

  /// Sizes of pictures, latents and grids, and numbers of layers and heads.
  static let sizes = 1...8192
  /// Steps of a run.
  static let steps = 1...10_000

  /// The version that brought plans.
  static let plans = 4

  /// The oldest version that this library reads without a migration.
  static let oldestReadable = 1

  /// The whole schema of version 1 as SQL text.
  public static let version1 = """
    CREATE TABLE experiment (
      id INTEGER PRIMARY KEY CHECK (id = 1),   -- one experiment a file
      name TEXT NOT NULL,
      question TEXT NOT NULL,
      spec TEXT NOT NULL,                      -- the resolved experiment file, YAML
      spec_hash TEXT NOT NULL,
      model TEXT NOT NULL,                     -- a bundled name or a folder
      model_hash TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      engine TEXT NOT NULL,                    -- what computed it, as oneDNN or OpenBLAS
      created_at TEXT NOT NULL                 -- ISO 8601, UTC
    ) STRICT;

    CREATE TABLE prompt (
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL UNIQUE,
      truncated_words TEXT NOT NULL            -- JSON array: words that did not fit and that the model never saw
    ) STRICT;

    CREATE TABLE token (
      prompt_id INTEGER NOT NULL REFERENCES prompt (id) ON DELETE CASCADE,
      position INTEGER NOT NULL CHECK (position >= 0),
      token_id INTEGER NOT NULL,               -- in the vocabulary
      piece TEXT NOT NULL,                     -- as the vocabulary spells it
      role TEXT NOT NULL CHECK (role IN ('start', 'word', 'end', 'padding')),
      word TEXT,                               -- the word it belongs to; NULL for start, end and padding
      word_index INTEGER,                      -- of that word in the prompt, from 0
      PRIMARY KEY (prompt_id, position),
      CHECK ((word IS NULL) = (word_index IS NULL))
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE site (
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
      UNIQUE (path, height, width, latent_height, latent_width)
    ) STRICT;

    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,               -- of everything that decides the run's bits
      group_hash TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('source', 'target')),
      intervention TEXT NOT NULL,              -- its name in the experiment file
      prompt_id INTEGER NOT NULL REFERENCES prompt (id),
      negative_prompt_id INTEGER REFERENCES prompt (id),
      source_run_id INTEGER REFERENCES run (id) ON DELETE CASCADE,
      seed INTEGER NOT NULL,
      height INTEGER NOT NULL,                 -- of the picture, in pixels
      width INTEGER NOT NULL,
      steps INTEGER NOT NULL,
      guidance_scale REAL NOT NULL,
      scheduler TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'done', 'failed')),
      error TEXT,                              -- why it failed
      CHECK (role = 'target' OR source_run_id IS NULL),
      CHECK ((status = 'failed') = (error IS NOT NULL))
    ) STRICT;
    CREATE INDEX run_by_group ON run (group_hash);
    CREATE INDEX run_by_source ON run (source_run_id);
    CREATE INDEX run_by_prompt ON run (prompt_id);
    CREATE INDEX run_by_negative_prompt ON run (negative_prompt_id);

    CREATE TABLE checkpoint (
      group_hash TEXT PRIMARY KEY,
      step INTEGER NOT NULL,                   -- the last step that is done and stored, from 0
      state BLOB NOT NULL                      -- what the next step needs
    ) STRICT;

    CREATE TABLE record (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      spec TEXT NOT NULL                       -- the entry of the experiment file
    ) STRICT;

    CREATE TABLE record_key (
      record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
      prompt_id INTEGER NOT NULL REFERENCES prompt (id) ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('self', 'cross')),
      key INTEGER NOT NULL CHECK (key >= 0),   -- index of the key in a map
      label TEXT NOT NULL,                     -- as asked for: a word, or <start>
      positions TEXT NOT NULL,                 -- JSON array: the token positions summed in it
      PRIMARY KEY (record_id, prompt_id, kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX record_key_by_prompt ON record_key (prompt_id);

    CREATE TABLE attention_map (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      record_id INTEGER NOT NULL REFERENCES record (id),
      site_id INTEGER NOT NULL REFERENCES site (id),
      step INTEGER NOT NULL CHECK (step >= 0), -- from 0
      timestep REAL NOT NULL,                  -- of the schedule, as the UNet is told it
      branch TEXT NOT NULL CHECK (branch IN ('conditional', 'unconditional')),
      head INTEGER,                            -- from 0; NULL for the mean over heads
      height INTEGER NOT NULL CHECK (height > 0),
      width INTEGER NOT NULL CHECK (width > 0),
      keys INTEGER NOT NULL CHECK (keys > 0),
      dtype TEXT NOT NULL CHECK (dtype IN ('float32', 'float16')),
      codec TEXT NOT NULL,                     -- raw: the values as they are
      data BLOB NOT NULL,                      -- [height, width, keys], little-endian
      CHECK (codec <> 'raw' OR length(data) = height * width * keys * iif(dtype = 'float16', 2, 4))
    ) STRICT;
    CREATE UNIQUE INDEX attention_map_identity ON attention_map (run_id, record_id, step, site_id, branch, head);
    -- To the index above two NULL heads are two different ones.
    CREATE UNIQUE INDEX attention_map_mean ON attention_map (run_id, record_id, step, site_id, branch)
      WHERE head IS NULL;
    CREATE INDEX attention_map_by_record ON attention_map (record_id, site_id, step);

    CREATE TABLE metric (
      run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL,                              -- NULL where it is not a number
      PRIMARY KEY (run_id, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE probe_result (
      id INTEGER PRIMARY KEY,
      run_id INTEGER REFERENCES run (id) ON DELETE CASCADE,
      record_id INTEGER REFERENCES record (id) ON DELETE CASCADE,
      site_id INTEGER REFERENCES site (id),
      step INTEGER,
      name TEXT NOT NULL,
      value REAL,
      low REAL,                                -- bounds of the interval, where one was computed
      high REAL,
      n INTEGER NOT NULL                       -- samples that the value rests on
    ) STRICT;
    CREATE INDEX probe_result_by_run ON probe_result (run_id);
    CREATE INDEX probe_result_by_record ON probe_result (record_id);

    CREATE TABLE artifact (
      run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      kind TEXT NOT NULL,                      -- picture, latents
      path TEXT NOT NULL,                      -- relative to the folder of this file
      sha256 TEXT NOT NULL,
      PRIMARY KEY (run_id, kind)
    ) STRICT, WITHOUT ROWID;

    CREATE VIEW run_overview AS
      SELECT run.id, run.hash, run.group_hash, run.role, run.intervention, prompt.text AS prompt,
        negative.text AS negative_prompt, source_prompt.text AS source_prompt, run.source_run_id, run.seed,
        run.height, run.width, run.steps, run.guidance_scale, run.scheduler, run.status, run.error
      FROM run
        JOIN prompt ON prompt.id = run.prompt_id
        LEFT JOIN prompt AS negative ON negative.id = run.negative_prompt_id
        LEFT JOIN run AS source ON source.id = run.source_run_id
        LEFT JOIN prompt AS source_prompt ON source_prompt.id = source.prompt_id;
    """
}
