import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSimulateCommand } from '../../src/cli/simulate-command.ts';
import { driveCompute } from '../../src/simulator/postgres/driven-compute.ts';
import type { World } from '../../src/simulator/world/api.ts';
import { buildNeonGuc, type NeonGuc } from '../pg/build-neon-guc.ts';
import { startDebianPostgres } from '../pg/debian-postgres.ts';
import { startEmbeddedPostgres } from '../pg/embedded-postgres.ts';
import type { TestPostgres } from '../pg/test-postgres.ts';
import { settle, smallWorld } from '../simulator/world/lab.ts';

const tenant = '20000000000000000000000000000001';

function worldWithCompute(): World {
  const place = (attached: number, secondary: number) => ({
    attached,
    secondaries: [secondary],
    preferredAz: null,
  });
  return smallWorld({
    tenants: 0,
    computes: 1,
    firstBackgroundMs: 3_600_000,
    initial: [{ id: tenant, shardCount: 2, stripeSize: 4_096, shards: [place(3, 1), place(2, 3)] }],
  });
}

const port = (node: number): string => `host=127.0.0.1 port=${63_999 + node}`;
const settingNames = ['pageserver_connstring', 'stripe_size', 'tenant_id'] as const;

/** What a new connection sees; a reload takes a moment. */
async function settingsOf(postgres: TestPostgres): Promise<readonly unknown[]> {
  const shown = settingNames.map((name) => `current_setting('neon.${name}', true) AS ${name}`).join(', ');
  const [row] = await postgres.run(`SELECT ${shown}`);
  return Object.values(row ?? {});
}

function see(postgres: TestPostgres, expected: readonly unknown[]): Promise<void> {
  return expect.poll(() => settingsOf(postgres), { timeout: 5_000 }).toEqual(expected);
}

interface Kind {
  readonly name: string;
  /** How SHOW prints 4096 blocks. */
  readonly stripe: string;
  /** Whose compute it is takes a restart where the library has defined the setting. */
  readonly tenantAtOnce: boolean;
  readonly start: () => Promise<TestPostgres>;
}

let guc: NeonGuc | undefined;
const kinds: readonly Kind[] = [
  {
    name: "npm's Postgres, where the settings are placeholders",
    stripe: '4096',
    tenantAtOnce: true,
    start: () => startEmbeddedPostgres(),
  },
  {
    name: "Debian's Postgres with the settings of Neon",
    stripe: '32MB',
    tenantAtOnce: false,
    async start() {
      guc = await buildNeonGuc();
      return startDebianPostgres({ preload: [guc.libraryPath] });
    },
  },
];

describe.for(kinds)('$name in the place of a simulated compute', ({ stripe, tenantAtOnce, start }) => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await start();
  });
  afterAll(async () => {
    await postgres?.stop();
    await guc?.remove();
    guc = undefined;
  });
  const missed: string[] = [];
  const drive = (world: World, dsn = postgres.dsn()) => {
    const [compute] = world.computes();
    if (compute === undefined) throw new Error('a world without computes');
    return driveCompute({ world, compute, dsn, onMissed: (reason) => missed.push(reason) });
  };
  const moveToThree = (world: World): void => {
    const migration_config = { override_scheduler: true, prewarm: false };
    settle(world, world.controller.migrate(`${tenant}-0102`, { node_id: 3, migration_config }));
  };

  it('is set to what the world begins with, and to what the hook says after a move', async () => {
    const world = worldWithCompute();
    const driven = await drive(world);
    const whose = tenantAtOnce ? tenant : '';
    await see(postgres, [`${port(3)},${port(2)}`, stripe, whose]);
    moveToThree(world);
    await driven.written();
    await see(postgres, [`${port(3)},${port(3)}`, stripe, whose]);
    world.faults.on('compute_restarted', { tenant });
    await driven.written();
    await see(postgres, [`${port(3)},${port(2)}`, stripe, whose]);
    expect(missed).toEqual([]);
  });

  it('is not told what a hook loses that lies', async () => {
    const world = worldWithCompute();
    const driven = await drive(world);
    world.faults.on('hook', { as: 'lying' });
    moveToThree(world);
    await driven.written();
    expect((await settingsOf(postgres))[0]).toBe(`${port(3)},${port(2)}`);
  });

  it('is refused without showing the connection string', async () => {
    const dsn = 'postgresql://postgres:s3cret@127.0.0.1:1/postgres';
    const refusal = await drive(worldWithCompute(), dsn).catch((error: Error) => error);
    expect(String(refusal)).toBe("Error: the compute's Postgres cannot be set: ECONNREFUSED");
    const stranger = await drive(worldWithCompute(), postgres.dsn('postgres', 'nobody', 's3cret')).catch(
      String,
    );
    expect(stranger).toMatch(/cannot be set: 28000$/);
  });
});

describe('a compute of Neon itself', () => {
  it('is refused, and nothing of it is changed', async () => {
    const library = await buildNeonGuc();
    // The library goes by its name; what it does is of no interest here.
    const folder = dirname(library.libraryPath);
    await copyFile(library.libraryPath, join(folder, 'neon.so'));
    const postgres = await startDebianPostgres({
      preload: ['neon'],
      settings: { dynamic_library_path: folder, 'neon.pageserver_connstring': 'host=theirs' },
    });
    try {
      const world = worldWithCompute();
      const [compute] = world.computes();
      if (compute === undefined) throw new Error('a world without computes');
      const drive = driveCompute({ world, compute, dsn: postgres.dsn(), onMissed: () => undefined });
      await expect(drive).rejects.toThrow('a real compute is not for a simulator to set');
      settle(
        world,
        world.controller.migrate(`${tenant}-0102`, {
          node_id: 3,
          migration_config: { override_scheduler: true, prewarm: false },
        }),
      );
      expect(
        await postgres.run("SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'"),
      ).toEqual([{ count: '0' }]);
    } finally {
      await postgres.stop();
      await library.remove();
    }
  });
});

describe('neonwatch simulate --compute-dsn-file', () => {
  let folder: string;
  let postgres: TestPostgres;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neonwatch simulate '));
    postgres = await startEmbeddedPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });
  const small = ['--tenants', '2', '--pageservers', '2', '--safekeepers', '0'];
  const simulate = async (dsn: string, ...flags: string[]) => {
    const file = join(folder, 'dsn');
    await writeFile(file, `${dsn}\n`);
    const printed: string[] = [];
    const terminal = { print: (line: string) => void printed.push(line), asked: Promise.resolve('SIGTERM') };
    const result = await runSimulateCommand([...small, '--compute-dsn-file', file, ...flags], terminal);
    return { ...result, printed: printed.join('\n'), file };
  };

  it('sets that Postgres, and prints configuration that reads it', async () => {
    const { exitCode, printed, file } = await simulate(postgres.dsn());
    expect(exitCode).toBe(0);
    expect(printed).toContain(`computes:\n  - dsnFile: ${JSON.stringify(file)}`);
    expect(printed).not.toContain(postgres.dsn());
    await expect
      .poll(async () => (await settingsOf(postgres))[0])
      .toMatch(/^host=127\.0\.0\.1 port=\d+,host=/);
  });

  it.for([
    { name: 'nothing listens', dsn: 'postgresql://x:s3cret@127.0.0.1:1/x', flags: [], says: 'ECONNREFUSED' },
    {
      name: 'the file holds something else',
      dsn: 's3cret',
      flags: [],
      says: 'does not hold a connection string',
    },
    { name: 'there is no compute', dsn: 's3cret', flags: ['--computes', '0'], says: 'there is no compute' },
  ])('refuses when $name, without showing what is in the file', async ({ dsn, flags, says }) => {
    const { exitCode, stderr } = await simulate(dsn, ...flags);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr).not.toContain('s3cret');
  });
});
