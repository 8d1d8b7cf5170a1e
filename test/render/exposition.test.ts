import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BoundFamily, chunkSource } from '../../src/render/chunk-source.ts';
import { blocksOf, bodyOf, familyHeader, formats } from '../../src/render/exposition.ts';
import { assemble } from '../../src/render/snapshot.ts';
import { parseExposition } from './exposition-parser.ts';
import { declare, sliceOf, textOf } from './rows.ts';

const budgets = { maxSeries: Number.POSITIVE_INFINITY, perCollector: new Map<string, number>() };
const facts = {
  builtAtMs: 1_700_000_000_000,
  lastBuildMs: undefined,
  builds: { ok: 0, failed: 0 },
  quarantines: [],
};

describe('the header of a family', () => {
  it.for([
    {
      case: 'names a counter without its suffix in OpenMetrics only',
      family: { name: 'neon_retries_total', type: 'counter' as const },
      text: '# HELP neon_retries_total Rows of a test.\n# TYPE neon_retries_total counter\n',
      openmetrics: '# HELP neon_retries Rows of a test.\n# TYPE neon_retries counter\n',
    },
    {
      case: 'makes a gauge of an info in text',
      family: { name: 'neon_node_info', type: 'info' as const },
      text: '# HELP neon_node_info Rows of a test.\n# TYPE neon_node_info gauge\n',
      openmetrics: '# HELP neon_node Rows of a test.\n# TYPE neon_node info\n',
    },
    {
      case: 'has its own word for unknown in each format',
      family: { name: 'pg_up', type: 'unknown' as const },
      text: '# HELP pg_up Rows of a test.\n# TYPE pg_up untyped\n',
      openmetrics: '# HELP pg_up Rows of a test.\n# TYPE pg_up unknown\n',
    },
    {
      case: 'calls a counter that lacks its suffix unknown in OpenMetrics',
      family: {
        name: 'pg_stat_database_xact_commit',
        type: 'counter' as const,
        compat: 'postgres_exporter' as const,
      },
      text: '# HELP pg_stat_database_xact_commit Rows of a test.\n# TYPE pg_stat_database_xact_commit counter\n',
      openmetrics:
        '# HELP pg_stat_database_xact_commit Rows of a test.\n# TYPE pg_stat_database_xact_commit unknown\n',
    },
    {
      case: 'gives the unit in OpenMetrics, before the suffix of a counter',
      family: { name: 'neon_sent_bytes_total', type: 'counter' as const, unit: 'bytes' as const },
      text: '# HELP neon_sent_bytes_total Rows of a test.\n# TYPE neon_sent_bytes_total counter\n',
      openmetrics:
        '# HELP neon_sent_bytes Rows of a test.\n# TYPE neon_sent_bytes counter\n# UNIT neon_sent_bytes bytes\n',
    },
    {
      case: 'leaves out a unit that the name does not end in',
      family: { name: 'neon_lag', unit: 'seconds' as const },
      text: '# HELP neon_lag Rows of a test.\n# TYPE neon_lag gauge\n',
      openmetrics: '# HELP neon_lag Rows of a test.\n# TYPE neon_lag gauge\n',
    },
    {
      case: 'escapes help as each format asks',
      family: { help: 'A "b" \\ c\nd.' },
      text: '# HELP neon_rows A "b" \\\\ c\\nd.\n# TYPE neon_rows gauge\n',
      openmetrics: '# HELP neon_rows A \\"b\\" \\\\ c\\nd.\n# TYPE neon_rows gauge\n',
    },
  ])('$case', ({ family, text, openmetrics }) => {
    const declaration = declare(family);
    expect(familyHeader(declaration, 'text').toString()).toBe(text);
    expect(familyHeader(declaration, 'openmetrics').toString()).toBe(openmetrics);
  });
});

describe('what is rendered', () => {
  const labelText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('\\', '"', '\n', 'n', '\r', '\0', '|', ',', '{', '}', '=', ' ', '#', '\ud800'),
    }),
  );
  const value = fc.oneof(fc.double(), fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }));
  const help = fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', 'é', ' ', '#') });

  it.for(formats)('survives being parsed back: %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(labelText, labelText, value, help, async (a, b, given, helpText) => {
        const family = declare({ help: helpText });
        const slices = [await sliceOf(family, [{ labels: { a, b }, value: given }])];
        const { identity } = assemble([{ collector: 'c', target: 't', slices }], budgets, facts);
        const parsed = parseExposition(Buffer.concat([...identity[format].pages]), format);
        const found = parsed.find(({ name }) => name === 'neon_rows');
        const expected = Object.entries({ a, b }).filter(([, text]) => text !== '');
        expect(found?.help).toBe(helpText);
        expect(Object.entries(found?.samples[0]?.labels ?? {})).toEqual(
          expected.map(([label, text]) => [label, text.toWellFormed()]),
        );
        if (typeof given === 'bigint') expect(found?.samples[0]?.valueText).toBe(String(given));
        else expect(found?.samples[0]?.value).toBe(given === 0 ? 0 : given);
      }),
    );
  });

  it('has the same rows in both formats', async () => {
    const family = declare({ name: 'neon_rows_total', type: 'counter', labels: ['a'] });
    const slices = [await sliceOf(family, [{ labels: { a: '1' }, value: 2 }])];
    const { identity } = assemble([{ collector: 'c', target: 't', slices }], budgets, facts);
    const rowsOf = (text: string) => text.split('\n').filter((line) => !line.startsWith('#'));
    expect(rowsOf(textOf(identity.text))).toEqual(rowsOf(textOf(identity.openmetrics)));
  });
});

describe('blocks of a body', () => {
  it('hold the same bytes in order, never many small ones', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 }), (sizes) => {
        const body = bodyOf(sizes.map((size, index) => Buffer.alloc(size, index + 1)));
        const blocks = [...blocksOf(body)];
        expect(Buffer.concat(blocks).equals(Buffer.concat([...body.pages]))).toBe(true);
        expect(body.bytes).toBe(sizes.reduce((total, size) => total + size, 0));
        const small = blocks.filter(({ length }) => length < 32_768).length;
        expect(small).toBeLessThanOrEqual(sizes.filter((size) => size >= 32_768).length + 1);
      }),
    );
  });
});

describe('a chunk source', () => {
  it('binds families to their reading', () => {
    const family = {
      ...declare({ labels: ['a'] }),
      samples: (reading: { count: number }) => [{ labels: { a: 'x' }, value: reading.count }],
    };
    const source = chunkSource({ key: 'k', version: 1, collector: 'c', target: 't' }, [family], { count: 4 });
    const bound: BoundFamily | undefined = source.families[0];
    expect(bound?.declaration.name).toBe('neon_rows');
    expect([...(bound?.samples() ?? [])]).toEqual([{ labels: { a: 'x' }, value: 4 }]);
  });
});
