import { describe, expect, it } from 'vitest';
import { compatFamily } from '../../src/metrics/compat.ts';
import { familyHeader } from '../../src/render/exposition.ts';
import { assemble } from '../../src/render/snapshot.ts';
import { parseExposition } from './exposition-parser.ts';
import { declare, sliceOf, textOf } from './rows.ts';

const compat = 'postgres_exporter';

describe('a family that bears the name another exporter gave it', () => {
  it.for([
    {
      case: 'is unknown in OpenMetrics when it is a counter without _total',
      family: { compat, name: 'pg_stat_database_blks_hit', type: 'counter' } as const,
      text: '# TYPE pg_stat_database_blks_hit counter',
      openmetrics: '# TYPE pg_stat_database_blks_hit unknown',
    },
    {
      case: 'stays a counter when its name allows it',
      family: { compat, name: 'pg_stat_bgwriter_buffers_alloc_total', type: 'counter' } as const,
      text: '# TYPE pg_stat_bgwriter_buffers_alloc_total counter',
      openmetrics: '# TYPE pg_stat_bgwriter_buffers_alloc counter',
    },
    {
      case: 'stays a gauge although promlint dislikes its name',
      family: { compat, name: 'pg_locks_count', type: 'gauge' } as const,
      text: '# TYPE pg_locks_count gauge',
      openmetrics: '# TYPE pg_locks_count gauge',
    },
    {
      case: 'is untyped and unknown as it says',
      family: { compat, name: 'pg_static', type: 'unknown' } as const,
      text: '# TYPE pg_static untyped',
      openmetrics: '# TYPE pg_static unknown',
    },
    {
      case: 'has its unit all the same',
      family: { compat, name: 'pg_stat_database_temp_bytes', type: 'counter', unit: 'bytes' } as const,
      text: '# TYPE pg_stat_database_temp_bytes counter',
      openmetrics: '# TYPE pg_stat_database_temp_bytes unknown\n# UNIT pg_stat_database_temp_bytes bytes',
    },
  ])('$case', ({ family, text, openmetrics }) => {
    const declaration = declare(family);
    expect(familyHeader(declaration, 'text').toString()).toContain(`${text}\n`);
    expect(familyHeader(declaration, 'openmetrics').toString()).toContain(`${openmetrics}\n`);
  });

  it('is what it was for our own families: the excuse is for compat alone', () => {
    const ours = declare({ name: 'neon_retries_total', type: 'counter' });
    expect(familyHeader(ours, 'openmetrics').toString()).toContain('# TYPE neon_retries counter\n');
  });

  it('is read back by a strict parser of OpenMetrics', async () => {
    const family = compatFamily({
      compat,
      name: 'pg_stat_database_blks_hit',
      type: 'counter',
      help: 'Rows of a test.',
      labels: ['datname'],
      cardinality: 'node',
      samples: (hits: bigint) => [{ labels: { datname: 'a' }, value: hits }],
    });
    const slices = [await sliceOf(family, family.samples(7n))];
    const budgets = { maxSeries: 100, perCollector: new Map<string, number>() };
    const facts = { builtAtMs: 0, lastBuildMs: undefined, builds: { ok: 0, failed: 0 }, quarantines: [] };
    const { identity } = assemble([{ collector: 'c', target: 't', slices }], budgets, facts);
    const parsed = parseExposition(Buffer.from(textOf(identity.openmetrics)), 'openmetrics');
    expect(parsed.find(({ name }) => name === 'pg_stat_database_blks_hit')).toMatchObject({
      type: 'unknown',
    });
  });
});
