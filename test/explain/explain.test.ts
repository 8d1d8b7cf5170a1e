import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runExplainCommand } from '../../src/cli/explain-command.ts';
import { explain, knownMessages } from '../../src/explain/explain.ts';

const tenant = '20000000000000000000000000000002';
const plain = { width: undefined, isColoured: false };

describe('explain', () => {
  it.each<[string, string, RegExp]>([
    ['a shard id', `${tenant}-0102`, /^Shard 1 of 2: entry 2 of 2/],
    ['a shard id in capitals', `${tenant}-0A0C`.toUpperCase(), /^Shard 10 of 12/],
    ["the runbook's -0001", `${tenant}-0001`, /shard 0 of 1.*-0002 and -0102/],
    ['a shard beyond the count', `${tenant}-0202`, /shard 2 of 2, and there is none/],
    ['a bare tenant id', tenant, /unsharded tenant has one shard/],
    ['a connection string', 'host=ps1 port=6400,host=ps2 port=6400', /2 shards; position is shard number/],
    ['one of neon_local', 'postgres://no_user@127.0.0.1:64000', /unsharded/],
    ['one that leads to one place', 'host=ps1 port=1,host=ps1 port=1', /does not show until a shard moves/],
    ['one as it stands in a file', "neon.pageserver_connstring='host=ps1 port=6400'", /unsharded/],
    ['one with a bad port', 'host=ps1 port=640000', /Entry 1: .*65535/],
    ["the pageservers' line", 'ERROR request routed to wrong shard: tenant …', /Three causes/],
    [
      'a busy cluster',
      '{"msg":"Precondition failed: Background operation already ongoing for node: fill 3"}',
      /fill of node 3/,
    ],
    ['an orphaned operation', '{"msg":"Conflict: Node 2 has fill in progress"}', /nothing runs/],
    ['a refused token', '{"msg":"Forbidden: JWT authentication error"}', /same for all three/],
    ['a database that is away', '{"msg":"Shutting down"}', /database cannot be reached/],
    [
      'a move that goes on',
      `{"msg":"Timeout waiting for shard ${tenant}-0002"}`,
      /goes on in the background/,
    ],
  ])('knows %s', (_, text, meaning) => {
    expect(explain(text).meaning).toMatch(meaning);
  });

  it('names the shard of which a line speaks, and whether it can be', () => {
    const { facts } = explain(`request routed to wrong shard ${tenant}-0001`);
    expect(facts).toContain(`${tenant}-0001: a shard id that cannot be`);
  });

  const wrongShard = 'request routed to wrong shard';
  it.each<[string, string, readonly string[]]>([
    [
      'the node of a refusal',
      'Node 3 cannot be filled due to PauseForRestart policy',
      ['node/3/config', '"node_id":3'],
    ],
    ['the tenant of a line', `${wrongShard}: tenant ${tenant}-0002`, [`doctor --tenant ${tenant}`]],
    ['the tenant of a move', `Timeout waiting for shard ${tenant}-0002`, [`/tenant/${tenant}`]],
  ])('fills in %s', (_, line, pieces) => {
    const commands = explain(line).next.map(({ command = '' }) => command);
    for (const piece of pieces) expect(commands.join('\n')).toContain(piece);
  });

  it.each([
    wrongShard,
    'Timeout waiting for shard',
    'NotFound: Tenant shard not found',
    'Migration to a worse-scoring node',
    'could not connect to pageserver',
    'control plane request failed',
    'ongoing migration',
  ])('gives no command that is left to fill in for "%s"', (line) => {
    const { what, next } = explain(line);
    expect(what).not.toContain('nothing that is known');
    expect(next.map(({ command = '' }) => command).join('\n')).not.toMatch(/\b[A-Z]{4,}\b(?<!DELETE)/);
  });

  it('takes no other word for an operation: a DELETE of it would be of something else', () => {
    expect(explain('Background operation already ongoing for node: x 3').what).toContain(
      'nothing that is known',
    );
  });

  it('says so when it knows nothing', () => {
    expect(explain('the quick brown fox').what).toBe('nothing that is known here');
  });

  it('repeats no password of a connection string', () => {
    const { stdout } = runExplainCommand(['postgres://user:hunter2@ps1:6400?sslpassword=hunter3'], plain);
    expect(stdout).toContain('shard 0: ps1:6400');
    expect(stdout).not.toMatch(/hunter/);
  });

  it('never fails, and never repeats a control character', () => {
    const piece = fc.constantFrom(
      'host=',
      'postgres://',
      tenant,
      '-0102',
      ' port=1',
      '\u001b[31m',
      '"msg":"',
      ',',
      '%',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (line) => {
        const { stdout } = runExplainCommand([line === '' ? 'x' : line], plain);
        expect(stdout).not.toContain('\u001b');
      }),
    );
  });

  it.each(knownMessages.map(({ name }) => name))('has one entry called "%s"', (name) => {
    expect(knownMessages.filter((one) => one.name === name)).toHaveLength(1);
  });

  it.each([[[]], [['one', 'two']], [['  ']]])('asks for one text when it is given %j', (words) => {
    expect(runExplainCommand(words, plain)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
