import type { Readings } from '../../collection/store.ts';
import type { DriftJudgement } from '../../views/drift/judgement.ts';
import { controllerCommand } from '../commands.ts';
import type { Avoid, Step } from '../finding.ts';

/** Host names and numbers as they need no quoting in libpq, SQL or a shell. */
const plainHost = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$|^[0-9a-f:.]+$/iu;

/** `host=H port=P` of an announced `host:port`; undefined for what is no plain address. */
function conninfo(address: string): string | undefined {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = address.slice(colon + 1);
  return plainHost.test(host) && /^\d{1,5}$/.test(port) ? `host=${host} port=${port}` : undefined;
}

/** Addresses by which the compute reaches pageservers now: it may not know the announced names. */
function ownSpellings({ rows }: DriftJudgement): ReadonlyMap<number, string> {
  const own = rows.flatMap(({ live, liveNodeIds: [nodeId, ...others] }) =>
    live === undefined || nodeId === undefined || others.length > 0 ? [] : [[nodeId, live] as const],
  );
  return new Map(own);
}

/**
 * What `neon.pageserver_connstring` should be, a pageserver that the compute reaches by another name under that name;
 * undefined when a shard has no address that could stand there.
 */
export function intendedConnstring(judgement: DriftJudgement): string | undefined {
  const own = ownSpellings(judgement);
  const entries = judgement.rows.flatMap(({ shardId, intended, intendedNodeId = -1 }) => {
    if (shardId === undefined) return [];
    const address = own.get(intendedNodeId) ?? intended;
    return [address === undefined ? undefined : conninfo(address)];
  });
  return entries.length === 0 || entries.includes(undefined) ? undefined : entries.join(',');
}

/** Whether the compute knows pageservers by other names than they announce, and the string has one that it never used. */
function isUntried(readings: Readings, judgement: DriftJudgement): boolean {
  const own = ownSpellings(judgement);
  const nodes = readings.one('nodes')?.reading.nodes ?? [];
  const usesAlias = nodes.some(({ nodeId, pgAddress }) => {
    const spelled = own.get(nodeId);
    return spelled !== undefined && spelled.toLowerCase() !== pgAddress.toLowerCase();
  });
  return (
    usesAlias &&
    judgement.rows.some(({ shardId, intendedNodeId = -1 }) => shardId && !own.has(intendedNodeId))
  );
}

/** The DSN holds a password, so it is the operator's to fill in. */
const psql = 'psql "$compute_dsn" -X';

const verifySql =
  "SELECT name, setting FROM pg_settings WHERE name IN ('neon.pageserver_connstring', 'neon.stripe_size')";

const verifyStep: Step = {
  text: 'Look at it over a new connection, a second later.',
  command: `${psql} -c "${verifySql}"`,
};

export const reloadStep: Step = {
  text: 'Load the configuration once more: the connection string is then assigned together with the present stripe size.',
  command: `${psql} -c "SELECT pg_reload_conf()"`,
};

/** Stripe size first: the compute takes it over at the moment in which the connection string is assigned. */
export function pushSteps(readings: Readings, judgement: DriftJudgement): readonly Step[] {
  const { compute, tenantId, stripe, shardCount = 1 } = judgement;
  const describe = controllerCommand(readings, 'GET', `/control/v1/tenant/${tenantId}`);
  const connstring = intendedConnstring(judgement);
  const check: Step = {
    text: 'See that nothing moves: `is_reconciling`, `is_splitting` and `is_pending_compute_notification` are false.',
    command: describe,
  };
  if (connstring === undefined) {
    return [
      check,
      { text: 'The controller announces an address that is none: mend the registration of the pageserver.' },
    ];
  }
  const isSharded = shardCount > 1 && stripe.intendedBlocks !== undefined;
  const setStripe = isSharded ? ` -c "ALTER SYSTEM SET neon.stripe_size = '${stripe.intendedBlocks}'"` : '';
  const setConnstring = ` -c "ALTER SYSTEM SET neon.pageserver_connstring = '${connstring}'"`;
  const untried: Step = {
    text: `Compute ${compute} reaches pageservers by other names than they announce: see that each address below leads somewhere from its host, and put in the name that it knows where one does not.`,
  };
  return [
    check,
    ...(isUntried(readings, judgement) ? [untried] : []),
    {
      text: `Set compute ${compute} right, as a superuser over a new connection.`,
      command: `${psql}${setStripe}${setConnstring} -c "SELECT pg_reload_conf()"`,
    },
    verifyStep,
    { text: 'See that nothing has moved meanwhile; if something has, begin anew.', command: describe },
    {
      text: `Put the same values into config.json of compute ${compute}, or its next start brings the old ones back.`,
    },
  ];
}

/** What the hour of need suggests and what makes it worse. */
export const driftAvoids: readonly Avoid[] = [
  {
    what: 'restarting the compute hook',
    why: 'it only receives: the controller re-sends nothing that was acknowledged',
  },
  {
    what: 'restarting the compute',
    why: 'it starts from config.json, and what ALTER SYSTEM had set is lost',
  },
  {
    what: 'POST /debug/v1/reconcile_all, or migrating the shard to where it is',
    why: 'a notification equal to the last acknowledged one is not sent again',
  },
  {
    what: 'moving shards to force a notification',
    why: 'it moves load and data to mend a setting, and a hook that lies is told one more time for nothing',
  },
];
