import {
  pgText,
  type RecordedAnswer,
  type RecordedDatabase,
  type RecordedSignature,
  recordedAnswer,
  recordedNames,
  recordedSignatures,
} from './neurondb-recording.ts';

/**
 * SQL that makes NeuronDB's functions, tables and views with the recorded signatures, rows, errors and grants, for a
 * server that does not have it. Functions answer what was recorded of them; those of which no answer was recorded are
 * not made. Types that only NeuronDB has are domains over text.
 */

/** The key that is planted where NeuronDB keeps one. It must never be seen again. */
export const plantedKey = 'sk-planted-0f9e8d7c6b5a';

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

function valueSql(value: unknown, type: string): string {
  if (Array.isArray(value) && type.endsWith('[]')) {
    return `ARRAY[${value.map((item) => literal(String(item))).join(', ')}]::${type}`;
  }
  const text = pgText(value);
  return `${text === null ? 'NULL' : literal(text)}::${type}`;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** `SELECT` of the recorded rows, with their types also where there is no row. */
function selectSql({ columns = [], rows = [] }: RecordedAnswer): string {
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const empty = `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${quoted(name)}`).join(', ')}`;
  if (rows.length === 0) return `${empty} WHERE false`;
  const tuples = rows.map(
    (row) => `(${columns.map(({ type }, index) => valueSql(row[index], type)).join(', ')})`,
  );
  return `SELECT ${names} FROM (VALUES ${tuples.join(',\n  ')}) AS recorded(${names})`;
}

const isReadable = ({ by_role }: RecordedAnswer) => by_role.monitor?.ok === true;

function functionSql(signature: RecordedSignature, answer: RecordedAnswer): string {
  const { schema, name, args, result, volatility } = signature;
  const place = schema === 'neurondb' ? 'neurondb.' : '';
  const error = answer.by_role.super?.error;
  const head = `CREATE FUNCTION ${place}${name}(${args}) RETURNS ${result} ${volatility} LANGUAGE`;
  if (error != null) {
    const raise = `RAISE EXCEPTION USING ERRCODE = ${literal(error.sqlstate)}, MESSAGE = ${literal(error.message)};`;
    return `${head} plpgsql AS $fn$ BEGIN ${raise} END $fn$;`;
  }
  // What only the superuser was given an answer to reads a table that is closed to others.
  const guard = isReadable(answer) ? '' : 'SELECT FROM neurondb.ml_models LIMIT 0;\n';
  return `${head} sql AS $fn$ ${guard}${selectSql(answer)} $fn$;`;
}

function functionsSql(of: RecordedDatabase): string[] {
  const signatures = recordedSignatures('3.0');
  const done = new Set<string>();
  return ['fn_', 'playbook_version'].flatMap((prefix) =>
    recordedNames(of, prefix).flatMap((file) => {
      const answer = recordedAnswer(of, file);
      const [, schema, name] = /\b(public|neurondb)\.(\w+)\(/.exec(answer.query) ?? [];
      const key = `${schema}.${name}`;
      if (done.has(key)) return [];
      done.add(key);
      return signatures
        .filter((signature) => signature.schema === schema && signature.name === name)
        .map((signature) => functionSql(signature, answer));
    }),
  );
}

function tablesSql(of: RecordedDatabase): string[] {
  return recordedNames(of, 'table_').flatMap((file) => {
    const answer = recordedAnswer(of, file);
    const table = `neurondb.${file.slice('table_'.length)}`;
    const columns = (answer.columns ?? []).map(({ name, type }) => `${quoted(name)} ${type}`);
    return [
      `CREATE TABLE ${table} (${columns.join(', ')});`,
      `INSERT INTO ${table} ${selectSql(answer)};`,
      ...(isReadable(answer) ? [`GRANT SELECT ON ${table} TO PUBLIC;`] : []),
    ];
  });
}

function viewsSql(of: RecordedDatabase): string[] {
  return recordedNames(of, 'view_').flatMap((file) => {
    const answer = recordedAnswer(of, file);
    const view = `neurondb.${file.slice('view_'.length)}`;
    return [
      `CREATE VIEW ${view} AS ${selectSql(answer)};`,
      ...(isReadable(answer) ? [`GRANT SELECT ON ${view} TO PUBLIC;`] : []),
    ];
  });
}

/** As `get_llm_config()` returns it; never recorded, for it holds a key. Readable by PUBLIC, as installed. */
const llmConfigSql = [
  `CREATE TABLE neurondb.llm_config (api_base text NOT NULL, api_key text NOT NULL, default_model text NOT NULL,
  updated_at timestamptz DEFAULT now());`,
  `INSERT INTO neurondb.llm_config VALUES ('https://llm.example', ${literal(plantedKey)}, 'a-model');`,
  'GRANT SELECT ON neurondb.llm_config TO PUBLIC;',
  `CREATE FUNCTION neurondb.get_llm_config() RETURNS TABLE(api_base text, api_key text, default_model text,
  updated_at timestamptz) LANGUAGE sql AS 'SELECT * FROM neurondb.llm_config LIMIT 1';`,
];

const typesSql = [
  'vector',
  'neurondb.ml_algorithm_type',
  'neurondb.ml_model_status',
  'neurondb.ml_model_type',
].map((type) => `CREATE DOMAIN ${type} AS text;`);

/** The script of the extension: plain names go to the schema that is first in the search path. */
export function neurondbScript(of: RecordedDatabase): string {
  return [
    'CREATE SCHEMA neurondb;',
    'GRANT USAGE ON SCHEMA neurondb TO PUBLIC;',
    ...typesSql,
    ...tablesSql(of),
    ...llmConfigSql,
    ...functionsSql(of),
    ...viewsSql(of),
  ].join('\n');
}

/** An id below those that Postgres gives out and above those of its own objects. */
const extensionId = 16_383;

/**
 * As `CREATE EXTENSION neurondb`, for a server on whose disk no extension can be laid: makes the objects in `public`
 * and enters them as members of an extension. For a superuser.
 */
export function neurondbWithoutFiles(of: RecordedDatabase, version = '3.0'): string {
  return `SET search_path = public;
${neurondbScript(of)}
INSERT INTO pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (${extensionId}, 'neurondb', 10, 'public'::regnamespace, true, ${literal(version)});
DO $do$
DECLARE statement text;
BEGIN
  FOR statement IN
    SELECT 'FUNCTION ' || p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    WHERE p.pronamespace IN ('public'::regnamespace, 'neurondb'::regnamespace)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'TABLE ' END || c.oid::regclass::text
    FROM pg_catalog.pg_class c WHERE c.relnamespace = 'neurondb'::regnamespace AND c.relkind IN ('r', 'v')
  LOOP
    EXECUTE 'ALTER EXTENSION neurondb ADD ' || statement;
  END LOOP;
END $do$;
RESET search_path;`;
}
