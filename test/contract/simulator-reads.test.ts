import { beforeAll, describe, expect, it } from 'vitest';
import { controllerRoutes } from '../../src/simulator/http/cluster.ts';
import { computeRoutes } from '../../src/simulator/http/compute-ctl.ts';
import { RequestCounts } from '../../src/simulator/http/controller-metrics.ts';
import { pageserverRoutes } from '../../src/simulator/http/pageserver-routes.ts';
import { findRoute, type Route } from '../../src/simulator/http/router.ts';
import { brokerRoutes, safekeeperRoutes } from '../../src/simulator/http/small-services.ts';
import { fixtureIndex, readFixture } from '../replay/world.ts';
import { type Lab, openLab } from '../simulator/http/lab.ts';
import { maskedText } from '../simulator/http/masked.ts';
import { recordedPlacements, recordedRequests } from '../simulator/http/recorded.ts';

interface Look {
  readonly service: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Every recorded look at the healthy cluster, whole bodies. */
const looks: readonly Look[] = [
  ...fixtureIndex
    .filter(
      ({ state, method, path, file }) =>
        state === 'healthy' && method === 'GET' && file !== null && path !== '/metrics',
    )
    .map(({ service, path, status, contentType, file }) => ({
      service,
      path,
      status,
      contentType,
      text: readFixture(file ?? '').toString(),
    })),
  ...recordedRequests
    .filter(
      ({ state, method, status, body }) =>
        state === 'healthy' && method === 'GET' && status > 0 && body !== undefined,
    )
    .map(({ service, path, status, contentType, body }) => ({
      service,
      path,
      status,
      contentType,
      text: typeof body === 'string' ? body : JSON.stringify(body),
    })),
];

/** What the world has none of, so what its answers cannot be. */
const without = [/\/synthetic_size$/, /\/timeline(\/|$)/];

let lab: Lab;
beforeAll(async () => {
  lab = await openLab({ initial: recordedPlacements('healthy') });
  // Long enough for a background pass, not for a heatmap.
  lab.world.advance(25_000);
});

describe('what the healthy cluster said', () => {
  const served = looks.filter(({ path }) => !without.some((route) => route.test(path)));

  it('is a whole lot', () => {
    expect(served.length).toBeGreaterThan(60);
  });

  it.for(served.map((look) => ({ title: `${look.service} GET ${look.path} ${look.status}`, ...look })))(
    '$title',
    async ({ service, path, status, contentType, text }) => {
      const got = await lab.send(service, path);
      expect(got.status).toBe(status);
      expect(got.contentType).toBe(contentType);
      if (contentType === 'application/json') {
        expect(maskedText(JSON.parse(got.text))).toBe(maskedText(JSON.parse(text)));
      } else expect(got.text).toBe(text);
    },
  );
});

/** `TYPE labels | help` by family, as METRICS_*.txt have it of the recording. */
function recordedFamilies(
  service: string,
): ReadonlyMap<string, { readonly type: string; readonly labels: Set<string>; readonly help: string }> {
  const lines = readFixture(`METRICS_${service}.txt`).toString().split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', type = '', labels = '', ...help] = line.split(' | ');
      const names = [...labels.matchAll(/'(\w+)': \[/g)].map(([, label]) => label ?? '');
      return [name, { type, labels: new Set(names), help: help.join(' | ') }];
    }),
  );
}

/** What one line of an exposition has that the recorded family has not. */
function strangeness(line: string, families: ReturnType<typeof recordedFamilies>): string | undefined {
  const [, kind, declared = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
  const [, series = '', labels = ''] = /^([a-z_0-9]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
  const family = families.get(kind === undefined ? series : declared);
  if (family === undefined) return `unknown: ${line}`;
  if (kind === 'TYPE') return rest === family.type ? undefined : `type: ${line}`;
  // The list cuts helps at some length.
  if (kind === 'HELP') return rest.startsWith(family.help) ? undefined : `help: ${line}`;
  const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label ?? '');
  return names.length === family.labels.size && names.every((name) => family.labels.has(name))
    ? undefined
    : `labels: ${line}`;
}

/** Members of `GET /v1/tenant/:id/timeline/:id` of the healthy cluster's first safekeeper, of which no fixture is kept. */
const recordedTimeline = [
  '.tenant_id string',
  '.timeline_id string',
  '.mconf.generation number',
  '.mconf.members[].id number',
  '.mconf.members[].host string',
  '.mconf.members[].pg_port number',
  '.mconf.new_members null',
  '.acceptor_state.term number',
  '.acceptor_state.epoch number',
  '.acceptor_state.term_history[].term number',
  '.acceptor_state.term_history[].lsn string',
  '.pg_info.pg_version number',
  '.pg_info.system_id number',
  '.pg_info.wal_seg_size number',
  '.flush_lsn string',
  '.timeline_start_lsn string',
  '.local_start_lsn string',
  '.commit_lsn string',
  '.backup_lsn string',
  '.peer_horizon_lsn string',
  '.remote_consistent_lsn string',
  '.peers[]',
  '.walsenders[]',
  '.walreceivers[]',
];

describe("a safekeeper's timeline", () => {
  /** Every member by its path, with the kind of its value; of lists the first element. */
  function shape(value: unknown, path = ''): string[] {
    if (Array.isArray(value)) return value.length === 0 ? [`${path}[]`] : shape(value[0], `${path}[]`);
    if (typeof value !== 'object' || value === null)
      return [`${path} ${value === null ? 'null' : typeof value}`];
    return Object.entries(value).flatMap(([key, member]) => shape(member, `${path}.${key}`));
  }

  it('has the members of the recorded one, in their order', async () => {
    const own = await openLab({ tenants: 1, computes: 1 });
    const [compute] = own.world.computes();
    const path = `/v1/tenant/${compute?.tenantId}/timeline/${compute?.timelineId}`;
    const got = await own.send('sk1', path);
    expect(shape(JSON.parse(got.text))).toEqual(recordedTimeline);
  });
});

describe('metrics', () => {
  it.for([
    { service: 'storcon', recording: 'storage_controller', families: 15 },
    { service: 'ps1', recording: 'pageserver', families: 7 },
    { service: 'sk1', recording: 'safekeeper', families: 3 },
    { service: 'broker', recording: 'broker', families: 3 },
  ])(
    'of $service have names, types, helps and labels of the recording',
    async ({ service, recording, families }) => {
      const got = await lab.send(service, '/metrics');
      expect(got.contentType).toBe('text/plain; version=0.0.4');
      const lines = got.text.split('\n').filter((line) => line !== '');
      expect(lines.filter((line) => line.startsWith('# HELP')).length).toBeGreaterThanOrEqual(families);
      const recorded = recordedFamilies(recording);
      expect(lines.flatMap((line) => strangeness(line, recorded) ?? [])).toEqual([]);
    },
  );
});

/** Routes that nobody recorded: what they are built from. */
const unrecorded: Readonly<Record<string, string>> = {
  'DELETE storcon /control/v1/node/:node_id/drain': 'contract 1.3: 202, as drain; its refusals are recorded',
  'DELETE storcon /control/v1/node/:node_id/delete': 'contract 1.3: 202, 412',
  'DELETE storcon /control/v1/node/:node_id':
    'contract 1.3: 200, deprecated, immediate, undrained; 200 if unknown',
  'POST storcon /control/v1/node': 'contract 1 and 5: scope infra; 200 and null, 409 for a tombstone',
  'POST storcon /debug/v1/reconcile_all': 'contract 1.3: 200 and a number, 0 when idle; 408 after 30 s',
  'POST storcon /v1/tenant/:tenant_id/secondary/download': 'contract 1.3: 200 or 202 and SecondaryProgress',
  'POST ps /v1/tenant/:tenant_shard_id/secondary/download': 'contract 5, C6, and 3: body as secondary/status',
  'GET compute_ctl /status': 'contract 4.4: start_time, tenant, timeline, status, last_active, error',
  'POST compute_ctl /configure':
    'contract 4.4: 200 and the status, 400 bad spec, 412 unless empty or running',
  'GET compute_ctl /metrics': 'contract 4.4: compute_ctl_up, status in kebab-case',
};

/** Whether one of the recorded requests went to this route. */
function isRecorded(kind: string, route: Route): boolean {
  if (route.path === '/metrics') return kind !== 'compute_ctl';
  const lines = [...recordedRequests, ...fixtureIndex];
  return lines.some(
    ({ service, method, path, status }) =>
      service.replace(/\d+$/, '') === kind &&
      status < 300 &&
      findRoute([route], method, path.split('?')[0] ?? '') !== undefined,
  );
}

describe('routes', () => {
  const world = () => lab.world;
  const services = () => [
    { kind: 'storcon', routes: controllerRoutes(world(), new RequestCounts()) },
    { kind: 'ps', routes: pageserverRoutes(world(), 1) },
    {
      kind: 'sk',
      routes: safekeeperRoutes(world(), () => {
        throw new Error('nobody asks');
      }),
    },
    { kind: 'broker', routes: brokerRoutes(world()) },
    {
      kind: 'compute_ctl',
      routes: computeRoutes(world(), () => {
        throw new Error('nobody asks');
      }),
    },
  ];

  it('without a recording name the line they follow', () => {
    const missing = services().flatMap(({ kind, routes }) =>
      routes
        .filter((route) => !isRecorded(kind, route))
        .map(({ method, path }) => `${method} ${kind} ${path}`),
    );
    console.log(
      `routes without a recording:\n${missing.map((route) => `  ${route}: ${unrecorded[route]}`).join('\n')}`,
    );
    expect(missing.filter((route) => unrecorded[route] === undefined)).toEqual([]);
    expect(Object.keys(unrecorded).filter((route) => !missing.includes(route))).toEqual([]);
  });
});
