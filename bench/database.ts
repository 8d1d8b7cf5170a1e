/**
 * Debian's postgres_exporter and our `postgres` collector side by side at one loaded Postgres, in one run: parity of
 * names, types, labels and values; queries, database time, connections and CPU per collection. Exits 1 when a limit is missed.
 *
 *   node bench/database.ts [--dist] [--rounds N] [--databases N]
 *
 * `--dist` (or NEONWATCH_BENCH_DIST=1) measures the compiled files instead of src.
 * Needs from Debian: postgresql, prometheus-postgres-exporter. Collections alternate; each side has a role of its own,
 * by which the server's pg_stat_statements tells them apart. Sizes of databases are read by postgres_exporter at every
 * collection and by us once a minute: the bench moves our clock by 15 s a collection, so every fourth time.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { debianPostgresBin, startDebianPostgres } from '../test/pg/debian-postgres.ts';
import type { TestPostgres } from '../test/pg/test-postgres.ts';
import { runTool, startServer } from '../test/pg/unprivileged.ts';
import { type ExporterSide, startExporter, startNeonwatch } from './database-exporter.ts';
import { compare } from './database-parity.ts';

const { values: flags } = parseArgs({
  options: {
    dist: { type: 'boolean', default: process.env['NEONWATCH_BENCH_DIST'] === '1' },
    rounds: { type: 'string', default: '100' },
    databases: { type: 'string', default: '20' },
  },
});
const rounds = Number(flags.rounds);
const warmupRounds = 20;
const parityRounds = 5;
const tablesPerDatabase = 20;
const loadPerSecond = 100;
const sampleEveryMs = 20;
/** Ours to theirs. */
const limits = { queries: 1, 'database ms': 1, connections: 1, 'CPU ms': 2 } as const;

const roles = { theirs: 'postgres_exporter', ours: 'neonwatch' } as const;
type Side = keyof typeof roles;
type Figures = Record<keyof typeof limits, number>;

async function fill(server: TestPostgres): Promise<void> {
  await server.run('CREATE EXTENSION pg_stat_statements');
  for (const role of Object.values(roles)) await server.run(`CREATE ROLE ${role} LOGIN IN ROLE pg_monitor`);
  const tables = Array.from(
    { length: tablesPerDatabase },
    (_, index) =>
      `CREATE TABLE t${index} AS SELECT n, 'row ' || n AS words FROM generate_series(1, 200) AS n`,
  ).join(';');
  for (let index = 0; index < Number(flags.databases); index += 1) {
    await server.run(`CREATE DATABASE load${index}`);
    await server.run(tables, `load${index}`);
  }
}

/** CPU seconds a process has used, its threads included. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  // Fields 14 and 15 of the line in clock ticks, which Linux shows as 1/100 s.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most connections of each role at any one time. */
async function watchConnections(server: TestPostgres) {
  const client = await server.connect();
  const most = { theirs: 0, ours: 0 };
  let pending = Promise.resolve();
  const look = async (): Promise<void> => {
    const { rows } = await client.query<Record<Side, string>>(`SELECT
      count(*) FILTER (WHERE usename = '${roles.theirs}') AS theirs,
      count(*) FILTER (WHERE usename = '${roles.ours}') AS ours FROM pg_stat_activity`);
    most.theirs = Math.max(most.theirs, Number(rows[0]?.theirs));
    most.ours = Math.max(most.ours, Number(rows[0]?.ours));
  };
  const timer = setInterval(() => {
    pending = pending.then(look);
  }, sampleEveryMs);
  return async () => {
    clearInterval(timer);
    await pending;
    await client.end();
    return most;
  };
}

interface Statements {
  readonly calls: number;
  readonly milliseconds: number;
  readonly sizeMilliseconds: number;
}

async function statementsOf(server: TestPostgres, side: Side): Promise<Statements> {
  const [row] = await server.run(`SELECT sum(calls) AS calls, sum(total_exec_time + total_plan_time) AS ms,
    coalesce(sum(total_exec_time + total_plan_time) FILTER (WHERE query LIKE '%pg_database_size%'), 0) AS size_ms
    FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = '${roles[side]}'`);
  return {
    calls: Number(row?.['calls']),
    milliseconds: Number(row?.['ms']),
    sizeMilliseconds: Number(row?.['size_ms']),
  };
}

async function alternate(sides: Record<Side, ExporterSide>, times: number): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    const order: readonly Side[] = round % 2 === 0 ? ['theirs', 'ours'] : ['ours', 'theirs'];
    for (const side of order) await sides[side].metrics();
  }
}

async function measure(server: TestPostgres, sides: Record<Side, ExporterSide>) {
  await alternate(sides, warmupRounds);
  await server.run('SELECT pg_stat_statements_reset()');
  const stopWatching = await watchConnections(server);
  const before = { theirs: cpuSeconds(sides.theirs.pid), ours: cpuSeconds(sides.ours.pid) };
  await alternate(sides, rounds);
  const after = { theirs: cpuSeconds(sides.theirs.pid), ours: cpuSeconds(sides.ours.pid) };
  const connections = await stopWatching();
  const figuresOf = async (side: Side) => {
    const { calls, milliseconds, sizeMilliseconds } = await statementsOf(server, side);
    const figures: Figures = {
      queries: calls / rounds,
      'database ms': milliseconds / rounds,
      connections: connections[side],
      'CPU ms': ((after[side] - before[side]) * 1000) / rounds,
    };
    return { figures, sizeMs: sizeMilliseconds / rounds };
  };
  return { theirs: await figuresOf('theirs'), ours: await figuresOf('ours') };
}

/** Prints each figure with its ratio; false when a limit is missed. */
function report({ theirs, ours }: Awaited<ReturnType<typeof measure>>): boolean {
  let isWithin = true;
  console.log(`per collection, ${rounds} of each side      theirs      ours     ratio     limit`);
  for (const [name, limit] of Object.entries(limits)) {
    const key = name as keyof typeof limits;
    const ratio = ours.figures[key] / theirs.figures[key];
    if (!(ratio <= limit)) isWithin = false;
    const verdict = ratio <= limit ? '' : '  MISSED';
    print(name, theirs.figures[key], ours.figures[key], ratio, `${limit.toFixed(2)}${verdict}`);
  }
  const rest = {
    theirs: theirs.figures['database ms'] - theirs.sizeMs,
    ours: ours.figures['database ms'] - ours.sizeMs,
  };
  print('  of that without sizes', rest.theirs, rest.ours, rest.ours / rest.theirs, '');
  return isWithin;
}

function print(name: string, theirs: number, ours: number, ratio: number, rest: string): void {
  const numbers = [theirs, ours, ratio].map((number) => number.toFixed(2).padStart(10)).join('');
  console.log(`${name.padEnd(32)}${numbers}      ${rest}`);
}

/** False when postgres_exporter has something that we have not. */
async function hasParity(sides: Record<Side, ExporterSide>): Promise<boolean> {
  const missing = new Set<string>();
  let line = '';
  for (let round = 0; round < parityRounds; round += 1) {
    const before = await sides.theirs.metrics();
    const ours = await sides.ours.metrics();
    const parity = compare(before, ours, await sides.theirs.metrics());
    for (const { kind, what } of parity.differences) missing.add(`${kind}: ${what}`);
    line = `${parity.families} families, ${parity.series} series, ${parity.comparedValues} values within movement`;
  }
  console.log(`parity over ${parityRounds} looks: ${line}; ${missing.size} differences`);
  for (const difference of missing) console.log(`  ${difference}`);
  return missing.size === 0;
}

async function main(): Promise<boolean> {
  const server = await startDebianPostgres({ preload: ['pg_stat_statements'] });
  const ends: (() => Promise<void>)[] = [() => server.stop()];
  try {
    await fill(server);
    const bin = debianPostgresBin() ?? '';
    const login = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres'];
    await runTool(`${bin}/pgbench`, [...login, '-i', '-q', '-s', '2', 'load0'], server.socketFolder);
    const load = ['-c', '2', '-R', String(loadPerSecond), '-T', '3600', 'load0'];
    const pgbench = startServer(`${bin}/pgbench`, [...login, ...load], server.socketFolder);
    ends.unshift(() => pgbench.end('SIGTERM'));
    const theirs = await startExporter(server.dsn('postgres', roles.theirs));
    ends.unshift(() => theirs.stop());
    const ours = await startNeonwatch(server.dsn('postgres', roles.ours), flags.dist);
    ends.unshift(() => ours.stop());
    const isWithin = report(await measure(server, { theirs, ours }));
    return (await hasParity({ theirs, ours })) && isWithin;
  } finally {
    for (const end of ends) await end();
  }
}

process.exitCode = (await main()) ? 0 : 1;
