import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One recorded answer: a line of test/fixtures/neon/index.json. */
export interface IndexLine {
  readonly state: string;
  /** `storcon`, or `psN` for the pageserver of node N; `skN` and `broker`, which no world serves. */
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** State `auth` only: the scope of the token that was sent. */
  readonly scope?: string;
  /** 0: the connection was refused. */
  readonly status: number;
  readonly contentType: string;
  /** Relative to test/fixtures/neon; null when nothing answered. */
  readonly file: string | null;
  readonly seconds: number;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** A set of answers that fit together: everything a cluster in one state says to one who asks. */
export interface World {
  readonly name: string;
  readonly about: string;
  /** By service, then by path with query. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, RecordedAnswer>>;
  /** Pageservers of the node list by node id: the service and the `host:port` the controller announces. */
  readonly pageservers: ReadonlyMap<number, { readonly service: string; readonly announced: string }>;
  /** Services on which nothing listens. */
  readonly closed: ReadonlySet<string>;
}

interface WorldTable {
  readonly about: string;
  /** The recorded state whose own answers are all taken; the world's name when absent. */
  readonly state?: string;
  /** Answers taken from another state, each by name; `recordedAt`: as that path answered. */
  readonly borrowed: readonly {
    readonly service: string;
    readonly paths: readonly string[];
    readonly from: string;
    readonly recordedAt?: string;
  }[];
  /** Elements of the tenant list replaced by the answer to a describe (they have one shape). */
  readonly tenantsReplaced?: readonly { readonly tenant: string; readonly from: string }[];
  readonly closed: readonly { readonly service: string; readonly why: string }[];
}

interface AnnouncedNode {
  readonly id: number;
  readonly listen_http_addr: string;
  readonly listen_http_port: number;
}

const folder = new URL('../fixtures/neon/', import.meta.url);

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
}

export const fixtureIndex = readJson('index.json') as readonly IndexLine[];
const tables = readJson('worlds.json') as Readonly<Record<string, WorldTable>>;

export const worldNames: readonly string[] = Object.keys(tables);

/** The bytes of a fixture named in the index. */
export function readFixture(file: string): Buffer {
  return readFileSync(fileURLToPath(new URL(file, folder)));
}

/**
 * The answer recorded in `state`, or undefined. Where a route was asked with many tokens and `scope` is not given, the
 * answer to an allowed one.
 */
export function recordedAnswer(
  state: string,
  service: string,
  path: string,
  scope?: string,
): RecordedAnswer | undefined {
  const lines = fixtureIndex.filter(
    (line) =>
      line.state === state &&
      line.service === service &&
      line.path === path &&
      line.method === 'GET' &&
      (scope === undefined || line.scope === scope),
  );
  const line =
    lines.find(({ status }) => status === 200) ??
    lines.find(({ status }) => ![401, 403].includes(status)) ??
    lines[0];
  if (line === undefined || line.file === null) return undefined;
  return { status: line.status, contentType: line.contentType, body: readFixture(line.file) };
}

/** As `recordedAnswer`, for an answer that must be there. */
export function mustHaveRecorded(
  state: string,
  service: string,
  path: string,
  scope?: string,
): RecordedAnswer {
  const answer = recordedAnswer(state, service, path, scope);
  if (answer === undefined) throw new Error(`no fixture of state ${state}: ${service} GET ${path}`);
  return answer;
}

function replaceTenants(
  list: RecordedAnswer,
  replaced: NonNullable<WorldTable['tenantsReplaced']>,
): RecordedAnswer {
  const tenants = JSON.parse(list.body.toString()) as { tenant_id: string }[];
  for (const { tenant, from } of replaced) {
    const position = tenants.findIndex((candidate) => candidate.tenant_id === tenant);
    if (position < 0) throw new Error(`tenant ${tenant} is not in the list it should be replaced in`);
    const described = mustHaveRecorded(from, 'storcon', `/control/v1/tenant/${tenant}`);
    tenants[position] = JSON.parse(described.body.toString()) as { tenant_id: string };
  }
  return { ...list, body: Buffer.from(JSON.stringify(tenants)) };
}

/** Whether a world has this service. Of the others there are recorded bodies and no processes. */
export function isServed(service: string): boolean {
  return service === 'storcon' || service.startsWith('ps');
}

function ownAnswers(state: string): Map<string, Map<string, RecordedAnswer>> {
  const answers = new Map<string, Map<string, RecordedAnswer>>([['storcon', new Map()]]);
  for (const { service, path, method, file } of fixtureIndex.filter((line) => line.state === state)) {
    if (method !== 'GET' || file === null || !isServed(service)) continue;
    const ofService = answers.get(service) ?? new Map<string, RecordedAnswer>();
    answers.set(service, ofService.set(path, mustHaveRecorded(state, service, path)));
  }
  return answers;
}

function announcedPageservers(nodeList: RecordedAnswer | undefined): World['pageservers'] {
  if (nodeList?.status !== 200) return new Map();
  const nodes = JSON.parse(nodeList.body.toString()) as readonly AnnouncedNode[];
  return new Map(
    nodes.map((node) => [
      node.id,
      { service: `ps${node.id}`, announced: `${node.listen_http_addr}:${node.listen_http_port}` },
    ]),
  );
}

/**
 * Composes a world from the recorded answers by the table in worlds.json.
 *
 * @throws {Error} when the world, or an answer its table borrows, does not exist.
 */
export function loadWorld(name: string): World {
  const table = tables[name];
  if (table === undefined) throw new Error(`no world ${name}; there are: ${worldNames.join(', ')}`);
  const answers = ownAnswers(table.state ?? name);
  for (const { service, paths, from, recordedAt } of table.borrowed) {
    const ofService = answers.get(service) ?? new Map<string, RecordedAnswer>();
    for (const path of paths) ofService.set(path, mustHaveRecorded(from, service, recordedAt ?? path));
    answers.set(service, ofService);
  }
  const controller = answers.get('storcon');
  const tenants = controller?.get('/control/v1/tenant');
  if (table.tenantsReplaced !== undefined && tenants !== undefined) {
    controller?.set('/control/v1/tenant', replaceTenants(tenants, table.tenantsReplaced));
  }
  return {
    name,
    about: table.about,
    answers,
    pageservers: announcedPageservers(controller?.get('/control/v1/node')),
    closed: new Set(table.closed.map(({ service }) => service)),
  };
}
