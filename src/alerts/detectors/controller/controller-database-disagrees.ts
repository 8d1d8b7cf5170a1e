import {
  type DisagreementKind,
  disagreeingNodes,
  disagreeingShards,
  disagreementKinds,
} from '../../../views/controller-database.ts';
import { controllerCommand } from '../../commands.ts';
import { type DetectInput, type Detector, whyMissing } from '../../detector.ts';
import type { Finding } from '../../finding.ts';
import { type LastingMemory, lasting } from '../../placement/lasting.ts';
import { counted, some } from '../../placement/words.ts';
import { databaseSubject } from './instances.ts';

type Input = DetectInput<LastingMemory>;

/** Of each kind, that are looked for again: many more than are remembered. */
const maxKeys = 500;

/** Shard and node ids by how the two sides differ about them; a kind that cannot be judged is absent. */
type Disagreements = ReadonlyMap<DisagreementKind, readonly string[]>;

const words: Readonly<Record<DisagreementKind, string>> = {
  shard_only_in_database: 'shards that only the database has',
  shard_only_in_api: 'shards that only the controller has',
  node_only_in_database: 'pageservers that only the database has',
  node_only_in_api: 'pageservers that only the controller has',
  node_policy: 'pageservers whose scheduling policy differs',
};

async function disagreements(input: Input): Promise<Disagreements> {
  const { readings, breathe } = input;
  const found = new Map<DisagreementKind, readonly string[]>();
  const database = readings.one('controller_database')?.reading;
  const tenants = readings.one('tenants')?.reading;
  const nodes = readings.one('nodes')?.reading.nodes;
  // A list put together from what the pageservers hold lacks tenants that none of them has.
  if (tenants?.source === 'list' && database?.shards !== undefined) {
    const shards = await disagreeingShards(tenants.tenants, database.shards, breathe);
    found.set('shard_only_in_database', shards.shard_only_in_database);
    found.set('shard_only_in_api', shards.shard_only_in_api);
  }
  if (nodes !== undefined && database?.nodes !== undefined) {
    const ids = disagreeingNodes(nodes, database.nodes);
    for (const kind of ['node_only_in_database', 'node_only_in_api', 'node_policy'] as const) {
      found.set(kind, ids[kind].map(String));
    }
  }
  return found;
}

function disagrees(found: Disagreements, className: DisagreementKind, input: Input): Finding {
  const { readings, looks, nowMs } = input;
  const subject = databaseSubject(looks);
  const kinds = [...found].filter(([, ids]) => ids.length > 0);
  const ids = found.get(className) ?? [];
  return {
    subject,
    severity: 'warning',
    className,
    summary: `The storage controller and its database ${subject.name} do not agree: ${counted(ids.length, className.startsWith('shard') ? 'shard' : 'pageserver')} (${some(ids, 3)}) ${className.includes('only') ? `only in ${className.endsWith('api') ? 'the controller' : 'the database'}` : 'with another policy'}; at its next start the controller goes by the database.`,
    evidence: kinds.map(([kind, list]) => ({
      what: words[kind],
      value: list.length === 0 ? 0 : `${list.length}: ${some(list, 5)}`,
      source: 'GET /control/v1/tenant and /control/v1/node against tenant_shards and nodes',
      atMs: nowMs,
    })),
    remedy: [
      {
        text: 'See that there is one controller only, and that neonwatch reads the database which that one uses. A second controller, or the wrong DSN, is the usual reason.',
        command: 'psql "$storcon_dsn" -c \'SELECT address, started_at FROM controllers\'',
      },
      className.startsWith('shard')
        ? {
            text: 'See what the controller says of one of them.',
            command: controllerCommand(readings, 'GET', `/control/v1/tenant/${(ids[0] ?? '').slice(0, 32)}`),
          }
        : {
            text: 'See what the controller says of the pageservers, and what the database does.',
            command: controllerCommand(readings, 'GET', '/control/v1/node'),
          },
      {
        text: 'Where a policy differs, set it once more by the controller: that writes both.',
      },
      {
        text: 'For the rest: the controller loads the database when it starts. Decide which side is right before you restart it; keep a dump of the database.',
        command: 'pg_dump "$storcon_dsn" -f storcon.sql',
      },
    ],
    avoid: [
      {
        what: 'INSERT, UPDATE or DELETE in the database',
        why: 'generations are in it: a wrong one lets two pageservers write to one shard',
      },
      {
        what: 'POST /debug/v1/consistency_check again and again',
        why: 'it locks and reads everything, answers 500 whenever a reconcile runs, and is not made for that',
      },
    ],
  };
}

/** What the controller says is not what it would say after a restart. */
export const controllerDatabaseDisagrees: Detector<LastingMemory> = {
  id: 'controller_database_disagrees',
  alert: 'NeonControllerDatabaseDisagrees',
  layer: 'database',
  severity: 'warning',
  summary:
    "The storage controller's API and its database go on differing about the same shards or pageservers.",
  classes: disagreementKinds,
  needs: ['nodes', 'controller_database'],
  // The two are read at different instants, and half a minute apart.
  hold: { forMs: 300_000, samples: 5, keepFiringMs: 60_000 },
  explainedBy: ['controller_database_away', 'two_leaders'],
  async detect(input) {
    const { nowMs, looks, memory } = input;
    const found = await disagreements(input);
    const { name } = databaseSubject(looks);
    // The same id about which they go on differing: others come and go where tenants are made and deleted.
    const keys = [...found].flatMap(([kind, ids]) => ids.slice(0, maxKeys).map((id) => `${kind} ${id}`));
    const { forMs } = controllerDatabaseDisagrees.hold;
    const present = new Map(keys.length === 0 ? [] : [[name, keys]]);
    const look = { nowMs, forMs, isUnknown: () => found.size === 0 };
    const { shown, memory: kept } = lasting(memory, present, look);
    const className = disagreementKinds.find((kind) => (found.get(kind)?.length ?? 0) > 0);
    const findings = shown.has(name) && className !== undefined ? [disagrees(found, className, input)] : [];
    const missing =
      found.size === 0 ? [whyMissing(looks, 'tenants'), whyMissing(looks, 'controller_database')] : [];
    return { findings, unknown: missing.length > 0 ? [{ missing }] : [], memory: kept };
  },
};
