import type { Readings } from '../../../collection/store.ts';
import type { CollectorName } from '../../../collectors/registry.ts';
import type { Target } from '../../../collectors/target.ts';
import { addressOfEndpoint, type Places, placesOf } from '../../../views/drift/places.ts';
import type { Look } from '../../detector.ts';
import type { Subject } from '../../finding.ts';
import type { Thresholds } from '../../thresholds.ts';

/** What is looked at to tell which pageservers a compute asks. */
export interface AddressInput {
  readonly readings: Readings;
  readonly thresholds: Pick<Thresholds, 'drift'>;
}

/** Which pageserver an address leads to: computes may know it by another name than the controller does. */
export function placesIn({ readings, thresholds }: AddressInput): Places {
  return placesOf(readings.one('nodes')?.reading.nodes ?? [], thresholds.drift.aliases);
}

export function computeSubject(name: string): Subject {
  return { kind: 'compute', name };
}

/** A Postgres server by what it is to Neon. */
export function serverSubject({ kind, name }: Pick<Target, 'kind' | 'name'>): Subject {
  return { kind: kind === 'controller_database' ? 'controller_database' : 'compute', name };
}

/** Arguments of psql, pg_isready: `-h compute -p 55433`. Empty when only a file knows where the server is. */
export function hostArguments({ url }: Pick<Target, 'url'>): string {
  if (!URL.canParse(url)) return '';
  const { hostname, port, searchParams } = new URL(url);
  const host = hostname === '' ? (searchParams.get('host') ?? '') : hostname.replace(/^\[|\]$/g, '');
  return `-h ${shellQuoted(decodeURIComponent(host))} -p ${port || (searchParams.get('port') ?? '5432')}`;
}

/** As one word of a shell, quoted where it has to be. */
export function shellQuoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** An SQL identifier, quoted. */
export function sqlName(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** An SQL text constant, quoted. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A complete command that runs one statement, in another database than that of the DSN if one is named. `$compute_dsn`
 * and `$storcon_dsn` are the runbook's variables: they hold passwords, so they are not written out.
 */
export function psqlCommand({ kind }: { readonly kind: string }, sql: string, database?: string): string {
  const dsn = kind === 'controller_database' ? '$storcon_dsn' : '$compute_dsn';
  const change = database === undefined ? '' : ` -c ${shellQuoted(`\\c ${sqlName(database)}`)}`;
  return `psql "${dsn}"${change} -c ${shellQuoted(sql)}`;
}

/** Ids of the pageservers that a compute's live connection string names, by announced addresses and their aliases. */
export function nodesOfCompute(input: AddressInput, compute: string): readonly number[] {
  const settings = input.readings.all('compute_settings').find(({ target }) => target.name === compute);
  const connstring = settings?.reading.live?.connstring;
  if (connstring === undefined || 'flaw' in connstring) return [];
  const places = placesIn(input);
  const ids = connstring.endpoints.flatMap((endpoint) => places.nodesAt(addressOfEndpoint(endpoint)));
  return [...new Set(ids)].sort((left, right) => left - right);
}

/** What a compute hangs on, for folding: its tenant and the pageservers that it reads from. */
export function computeRelated(input: AddressInput, compute: string): readonly Subject[] {
  const live = input.readings.all('compute_settings').find(({ target }) => target.name === compute)
    ?.reading.live;
  const tenant: Subject[] = live?.tenantId === undefined ? [] : [{ kind: 'tenant', name: live.tenantId }];
  return [...tenant, ...nodeSubjects(nodesOfCompute(input, compute))];
}

export function nodeSubjects(nodeIds: readonly number[]): readonly Subject[] {
  return nodeIds.map((id) => ({ kind: 'node', name: String(id) }));
}

/** Collectors that show whether SQL is answered; the first opens a new connection at each look, as a user would. */
const sqlCollectors: readonly CollectorName[] = ['compute_settings', 'compute_health', 'postgres'];

/** The look that tells best whether each compute answers SQL, by compute; computes that SQL may not reach have none. */
export function sqlLooks(looks: readonly Look[]): ReadonlyMap<string, Look> {
  const best = new Map<string, Look>();
  const rank = ({ collector }: Look) => sqlCollectors.indexOf(collector as CollectorName);
  for (const look of looks) {
    if (look.target.kind !== 'compute' || rank(look) < 0) continue;
    const known = best.get(look.target.name);
    if (known === undefined || rank(look) < rank(known)) best.set(look.target.name, look);
  }
  return new Map([...best].sort(([left], [right]) => (left < right ? -1 : 1)));
}
