import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Claims, tokenKeys } from '../../src/simulator/http/tokens.ts';
import { type Got, type Lab, openLab } from '../simulator/http/lab.ts';
import { maskedText } from '../simulator/http/masked.ts';
import {
  type RecordedRequest,
  recordedPlacements,
  recordedRequests,
  titleOf,
} from '../simulator/http/recorded.ts';
import { stretches } from '../simulator/http/stretches.ts';

/** Routes the world has nothing for, and timelines of the recording's tenants, which have no compute here. */
const notServed = [
  /^POST \/v1\/tenant\/[^/]+\/timeline$/,
  /\/timeline\/[0-9a-f]{32}$/,
  /^GET \/v1\/tenant\/[^/]+\/(timeline|synthetic_size)$/,
  /^GET \/v1\/debug_dump$/,
];

/** Recorded faults of the controller, "never to cause", that the world does not have: what it answers instead. */
const declared: readonly { readonly title: RegExp; readonly because: string }[] = [
  {
    title: /^errors \(2\): .*metadata_health\/outdated/,
    because:
      'health records are made with a tenant and not for the children of a split; here every shard has one',
  },
];

/** Looks at the healthy cluster are held to whole bodies in simulator-reads.test.ts. */
function isReplayed({ state, method, path, status }: RecordedRequest): boolean {
  if (method === 'GET' && (status === 200 || state === 'healthy' || state === 'auth')) return false;
  return !notServed.some((route) => route.test(`${method} ${path}`));
}

function isDeclared(recorded: RecordedRequest): boolean {
  return declared.some(({ title }) => title.test(titleOf(recorded)));
}

/** The text a recorded request carried; the recorder did not keep the one that was no JSON. */
function sentText({ variant, sent }: RecordedRequest): string {
  if (variant === 'badjson') return '{bad';
  return sent === undefined ? '' : pythonJson(sent);
}

/** JSON with the blanks of the recorder's language: messages count columns. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${pythonJson(member)}`,
  );
  return `{${members.join(', ')}}`;
}

/** How the locations look that a controller hands over when it steps down: each shape once. */
function locationShapes(text: string): string[] {
  const shards = Object.values(
    JSON.parse(text) as Record<string, { locations: Record<string, { conf: object }> }>,
  );
  const locations = shards.flatMap((shard) => Object.values(shard.locations));
  const shapes = locations.map(({ conf }) => `${Object.keys(conf)} ${(conf as { mode: string }).mode}`);
  return [...new Set(shapes)].sort();
}

/** How an answer differs from the recorded one; empty when it does not. */
function differences(recorded: RecordedRequest, got: Got): string[] {
  const found: string[] = [];
  const differs = (what: string, ours: unknown, theirs: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      found.push(`${what}: ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`);
    }
  };
  differs('status', got.status, recorded.status);
  if (recorded.status === 0 || found.length > 0)
    return [...found, ...(found.length > 0 ? [got.text.slice(0, 300)] : [])];
  // What waits for a time limit waits as long.
  if (recorded.seconds > 29 && Math.abs(got.tookMs / 1_000 - recorded.seconds) > 1) {
    found.push(`took ${got.tookMs / 1_000} s instead of ${recorded.seconds} s`);
  }
  differs('content type', got.contentType, recorded.contentType);
  if (recorded.headers !== undefined && recorded.headers.length > 0)
    differs('headers', got.headers, recorded.headers);
  if (recorded.body === undefined || recorded.method === 'HEAD') return found;
  if (recorded.path.endsWith('/step_down')) {
    differs('body', locationShapes(got.text), locationShapes(JSON.stringify(recorded.body)));
    return found;
  }
  if (recorded.contentType !== 'application/json') differs('body', got.text, recorded.body);
  else if (recorded.status >= 400) differs('body', JSON.parse(got.text), recorded.body);
  else differs('body', maskedText(JSON.parse(got.text)), maskedText(recorded.body));
  return found;
}

let replayed = 0;
const known: string[] = [];
afterAll(() => {
  const left = recordedRequests.filter(({ method, path }) =>
    notServed.some((route) => route.test(`${method} ${path}`)),
  );
  const routes = new Set(left.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{32}/g, ':id')}`));
  console.log(
    [
      `${replayed} recorded requests replayed, ${known.length} answered otherwise for declared reasons:`,
      ...known.map((title) => `  ${title}`),
      ...declared.map(({ because }) => `  because ${because}`),
      `${left.length} of routes that are not served: ${[...routes].join(', ')}`,
    ].join('\n'),
  );
});

describe('recorded requests, in the order and at the times they were sent', () => {
  it('are all in a stretch', () => {
    const missed = recordedRequests.filter((recorded) => {
      const at = recorded.at - recorded.seconds;
      return isReplayed(recorded) && !stretches.some(({ from, to }) => at >= from && at <= to);
    });
    expect(missed.filter(({ state }) => state !== 'auth').map(titleOf)).toEqual([]);
  });

  it.for(stretches)('$name', async ({ from, to, world, acts = [] }) => {
    const lab = await openLab(world());
    const startMs = lab.world.nowMs();
    const left = [...acts];
    const goTo = (at: number): void => {
      const waitMs = Math.floor((at - from) * 1_000) - (lab.world.nowMs() - startMs);
      if (waitMs > 0) lab.world.advance(waitMs);
    };
    const found: string[] = [];
    for (const recorded of recordedRequests) {
      const at = recorded.at - recorded.seconds;
      if (at < from || at > to || !isReplayed(recorded)) continue;
      while (left[0] !== undefined && left[0].at <= at) {
        goTo(left[0].at);
        left.shift()?.act(lab);
      }
      goTo(at);
      const { service, method, path } = recorded;
      const got = await lab.send(service, path, { method, text: sentText(recorded) });
      replayed += 1;
      const difference = differences(recorded, got);
      if (difference.length > 0 && isDeclared(recorded)) known.push(titleOf(recorded));
      else if (difference.length > 0) found.push(`${titleOf(recorded)}\n    ${difference.join('\n    ')}`);
    }
    expect(found.join('\n')).toBe('');
  });
});

/** The header that was sent in the recording, by what its answer is named for. */
function authorization({ keys, world }: Lab, { variant = 'admin' }: RecordedRequest): string | undefined {
  const issue = (claims: Claims): string => `Bearer ${keys?.issue(claims)}`;
  const other = tokenKeys(Buffer.alloc(32, 1));
  const headers: Readonly<Record<string, string | undefined>> = {
    none: undefined,
    notoken: undefined,
    garbage: 'Bearer garbage',
    basic: 'Basic dTpw',
    wrongkey: `Bearer ${other.issue({ scope: 'admin' })}`,
    expired: issue({ scope: 'admin', exp: Math.floor(world.nowMs() / 1_000) - 60 }),
    lowercase_bearer: issue({ scope: 'admin' }).replace('Bearer', 'bearer'),
    tenant_T8: issue({ scope: 'tenant', tenant_id: '80000000000000000000000000000008' }),
  };
  return Object.hasOwn(headers, variant) ? headers[variant] : issue({ scope: variant });
}

describe('recorded tokens', () => {
  const asked = recordedRequests.filter(
    (line) => line.state === 'auth' && !notServed.some((route) => route.test(`${line.method} ${line.path}`)),
  );
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ initial: recordedPlacements('with_detached_and_secondary'), wantsTokens: true });
  });

  it('are many', () => expect(asked.length).toBeGreaterThan(150));

  it.for(asked.map((recorded) => ({ title: titleOf(recorded), recorded })))(
    '$title',
    async ({ recorded }) => {
      const { service, method, path } = recorded;
      const got = await lab.send(service, path, {
        method,
        text: sentText(recorded),
        authorization: authorization(lab, recorded),
      });
      expect(differences(recorded, got)).toEqual([]);
    },
  );
});
