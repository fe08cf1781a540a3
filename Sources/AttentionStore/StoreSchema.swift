/// The tables and views of an experiment's database: schema 1, the first that was released.
///
/// One SQLite file holds one experiment. It is in WAL mode, its `application_id` is `StoreSchema.applicationID` and its
/// `user_version` the number of the schema, so any SQLite tool opens it and this one refuses what it does not know.
/// The comments of `tables` and `views` travel with the file: `.schema` in the `sqlite3` shell prints them.
///
/// SQLite 3.37 or newer reads it: the tables are `STRICT`, so a column holds nothing but its type. No JSON function stands
/// in it, since older SQLite takes those for unsafe where a schema is not trusted.
public enum StoreSchema {
  /// `atnl` in ASCII: the mark of this tool's databases, in the file's header.
  public static let applicationID: Int32 = 0x6174_6e6c

  /// The mark of databases that were made before the first release. They are refused.
  static let formerApplicationID: Int32 = 0x6174_746e

  /// The number of the schema, which is the file's `user_version`.
  public static let version = 1

  /// The whole schema as SQL text.
  static let sql = tables + "\n\n" + views

  /// Sizes of pictures, latents and grids, and numbers of layers, heads and tokens.
  static let sizes = 1...8192
  /// Steps of a run, and calls of its model.
  static let steps = 1...10_000

  /// The tables as SQL text.
  public static let tables = """
    CREATE TABLE experiment (
      id INTEGER PRIMARY KEY CHECK (id = 1),   -- one experiment a file
      name TEXT NOT NULL,
      question TEXT NOT NULL,
      spec TEXT NOT NULL,                      -- the resolved experiment file of the last plan, YAML
      spec_hash TEXT NOT NULL,
      model TEXT NOT NULL,                     -- a bundled name or a folder
      model_hash TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      engine TEXT NOT NULL,                    -- what computed it, as oneDNN or OpenBLAS
      created_at TEXT NOT NULL                 -- ISO 8601, UTC
    ) STRICT;

    -- A plan that was begun. A changed file, model or engine is another plan beside it.
    CREATE TABLE plan (
      id INTEGER PRIMARY KEY,                  -- in the order of beginning: the largest was begun last
      hash TEXT NOT NULL UNIQUE,               -- of the hashes of its runs, in their order
      spec TEXT NOT NULL,                      -- the resolved experiment file, YAML
      spec_hash TEXT NOT NULL,
      model TEXT NOT NULL,
      model_hash TEXT NOT NULL,
      tool_version TEXT NOT NULL,
      engine TEXT NOT NULL,
      plan TEXT NOT NULL                       -- all that was planned, JSON: groups, settings, operations, records
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

    CREATE TABLE prompt (
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL,                      -- twice where two models split it into other tokens
      truncated_words TEXT NOT NULL            -- JSON array: words that did not fit and that the model never saw
    ) STRICT;
    CREATE INDEX prompt_by_text ON prompt (text);
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

    -- What runs are made with beside their prompts and seeds.
    CREATE TABLE setting (
      id INTEGER PRIMARY KEY,
      label TEXT NOT NULL,                     -- what the plan that used it last calls it; empty where it has one alone
      num_inference_steps INTEGER NOT NULL,
      guidance_scale REAL NOT NULL,
      scheduler TEXT NOT NULL,
      scheduler_settings TEXT NOT NULL,        -- JSON object: the keys that differ from the model's
      height INTEGER NOT NULL,                 -- of the picture, in pixels
      width INTEGER NOT NULL,
      negative_prompt_id INTEGER REFERENCES prompt (id),  -- NULL without guidance
      UNIQUE (num_inference_steps, guidance_scale, scheduler, scheduler_settings, height, width, negative_prompt_id)
    ) STRICT;
    CREATE INDEX setting_by_negative_prompt ON setting (negative_prompt_id);

    -- One attention of one block. Queries and keys stand on an axis each: the cells of a picture, or tokens of a text.
    CREATE TABLE site (
      id INTEGER PRIMARY KEY,
      path TEXT NOT NULL,                      -- the diffusers module path
      layer INTEGER NOT NULL,                  -- transformer blocks in forward order, from 1
      forward_index INTEGER NOT NULL,          -- attentions in forward order, from 0
      heads INTEGER NOT NULL,
      query_axis TEXT NOT NULL CHECK (query_axis IN ('picture', 'text')),
      query_height INTEGER,                    -- rows and columns of a picture's grid; NULL for a text
      query_width INTEGER,
      query_length INTEGER,                    -- tokens of a text; NULL for a picture
      key_axis TEXT NOT NULL CHECK (key_axis IN ('picture', 'text')),
      key_height INTEGER,
      key_width INTEGER,
      key_length INTEGER,
      latent_height INTEGER NOT NULL,          -- the latents that the grids were computed for
      latent_width INTEGER NOT NULL,
      CHECK ((query_axis = 'picture') = (query_height IS NOT NULL)),
      CHECK ((query_height IS NULL) = (query_width IS NULL)),
      CHECK ((query_height IS NULL) = (query_length IS NOT NULL)),
      CHECK ((key_axis = 'picture') = (key_height IS NOT NULL)),
      CHECK ((key_height IS NULL) = (key_width IS NULL)),
      CHECK ((key_height IS NULL) = (key_length IS NOT NULL))
    ) STRICT;
    CREATE INDEX site_by_path ON site (path);

    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,               -- of everything that decides the run's bits
      group_hash TEXT NOT NULL,                -- a source run and the runs that use it go through the steps together
      setting_id INTEGER NOT NULL REFERENCES setting (id),
      seed INTEGER NOT NULL,                   -- the 64 bits of it: from 2^63 on the seed minus 2^64
      calls INTEGER NOT NULL CHECK (calls > 0),  -- of the model; what the steps of maps count
      role TEXT NOT NULL CHECK (role IN ('source', 'target')),
      intervention TEXT NOT NULL,              -- its name in the experiment file
      prompt_id INTEGER NOT NULL REFERENCES prompt (id),
      source_run_id INTEGER REFERENCES run (id) ON DELETE CASCADE,
      status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'done', 'failed')),
      error TEXT,                              -- why it failed
      CHECK (role = 'target' OR source_run_id IS NULL),
      CHECK ((status = 'failed') = (error IS NOT NULL))
    ) STRICT;
    CREATE INDEX run_by_group ON run (group_hash);
    CREATE INDEX run_by_setting ON run (setting_id);
    CREATE INDEX run_by_source ON run (source_run_id);
    CREATE INDEX run_by_prompt ON run (prompt_id);

    CREATE TABLE checkpoint (
      group_hash TEXT PRIMARY KEY,             -- of an unfinished group; a finished one has none
      step INTEGER NOT NULL,                   -- the last step that is done and stored, from 0
      state BLOB NOT NULL                      -- what the next step needs
    ) STRICT;

    CREATE TABLE record (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,                      -- of several rows where plans record other things by it
      spec TEXT NOT NULL,                      -- the entry of the experiment file
      of TEXT NOT NULL                         -- the recorded quantity
        CHECK (of IN ('probabilities', 'queries', 'keys', 'values', 'scores', 'output', 'log_ratio'))
    ) STRICT;
    CREATE INDEX record_by_name ON record (name);
    CREATE TABLE record_key (
      record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
      prompt_id INTEGER NOT NULL REFERENCES prompt (id) ON DELETE CASCADE,
      key INTEGER NOT NULL CHECK (key >= 0),   -- index of the key in a map of a text's keys
      label TEXT NOT NULL,                     -- as asked for: a word, or <start>
      positions TEXT NOT NULL,                 -- JSON array: the token positions summed in it
      PRIMARY KEY (record_id, prompt_id, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX record_key_by_prompt ON record_key (prompt_id);

    -- The four numbers stand before the values, so that SQL finds them without reading those.
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
      minimum REAL,                            -- the smallest stored value; all four NULL where their sum is no number
      maximum REAL,                            -- the largest stored value
      mean REAL,                               -- of all stored values
      mass REAL,                               -- the sum of all stored values, divided by the number of queries
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
      source TEXT,                             -- a hash of what it was measured with; NULL where that is not known
      PRIMARY KEY (run_id, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE artifact (
      run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      kind TEXT NOT NULL,                      -- picture, latents, predicted-007
      path TEXT NOT NULL,                      -- relative to the folder of this file
      sha256 TEXT NOT NULL,
      PRIMARY KEY (run_id, kind)
    ) STRICT, WITHOUT ROWID;

    -- What a probe of the experiment file found of maps. The trained probe is a file beside this one.
    CREATE TABLE probe_result (
      name TEXT PRIMARY KEY,                   -- of the probe in the experiment file
      source TEXT NOT NULL,                    -- a hash of the question and of all that is read
      label TEXT NOT NULL,                     -- what is told, as color
      samples INTEGER NOT NULL CHECK (samples > 0),  -- pictures
      best TEXT NOT NULL,                      -- the cell that tells most, as cross:5 call 10
      accuracy REAL NOT NULL,                  -- of that cell: the share of samples that were told right
      chance REAL NOT NULL,                    -- the share of the largest class
      result TEXT NOT NULL,                    -- all that was found, JSON
      path TEXT NOT NULL,                      -- of the trained probe, relative to the folder of this file
      sha256 TEXT NOT NULL                     -- of that file
    ) STRICT, WITHOUT ROWID;
    """
}
