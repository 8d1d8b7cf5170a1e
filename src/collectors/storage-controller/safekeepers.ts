import { z } from 'zod';
import { family } from '../../metrics/family.ts';
import { sample, stateValues } from '../../metrics/samples.ts';
import { formatAddress } from '../../neon/address.ts';
import type { Collector, ReadingBase, TargetReading } from '../collector.ts';
import { countSetAside } from '../set-aside.ts';

/** `SafekeeperDescribeResponse`, only the fields we use. */
const Safekeeper = z.object({
  id: z.int().nonnegative(),
  region_id: z.string(),
  host: z.string(),
  port: z.int(),
  http_port: z.int(),
  https_port: z.int().nullish(),
  availability_zone_id: z.string(),
  scheduling_policy: z.string(),
});

/** `Decomissioned` is Neon's own spelling. */
const policies = ['Active', 'Activating', 'Pause', 'Decomissioned'] as const;

interface SafekeeperFact {
  readonly safekeeperId: number;
  readonly regionId: string;
  readonly address: string;
  readonly httpAddress: string;
  readonly httpsAddress?: string | undefined;
  readonly az: string;
  readonly schedulingPolicy: string;
}

export interface SafekeepersReading extends ReadingBase {
  /** By ascending id. */
  readonly safekeepers: readonly SafekeeperFact[];
}

type Input = TargetReading<SafekeepersReading>;

const safekeeperInfo = family({
  name: 'neon_safekeeper_info',
  type: 'info',
  help: 'A safekeeper registered with the storage controller, with its addresses as announced.',
  labels: ['safekeeper_id', 'az', 'region_id', 'address', 'http_address'],
  cardinality: 'node',
  samples: ({ reading }: Input) =>
    reading.safekeepers.map((safekeeper) =>
      sample(
        {
          safekeeper_id: String(safekeeper.safekeeperId),
          az: safekeeper.az,
          region_id: safekeeper.regionId,
          address: safekeeper.address,
          http_address: safekeeper.httpAddress,
        },
        1,
      ),
    ),
});

const safekeeperScheduling = family({
  name: 'neon_safekeeper_scheduling',
  type: 'gauge',
  help: 'Scheduling policy of a safekeeper: 1 for the present value, 0 for the others. It says nothing of whether the safekeeper is alive.',
  labels: ['safekeeper_id', 'az', 'scheduling_policy'],
  cardinality: 'node',
  *samples({ reading }: Input) {
    for (const { safekeeperId, az, schedulingPolicy } of reading.safekeepers) {
      for (const policy of stateValues(policies, schedulingPolicy)) {
        const labels = { safekeeper_id: String(safekeeperId), az, scheduling_policy: policy };
        yield sample(labels, policy === schedulingPolicy ? 1 : 0);
      }
    }
  },
});

const safekeeperCount = family({
  name: 'neon_safekeepers',
  type: 'gauge',
  help: 'Safekeepers by scheduling policy and availability zone; only combinations that occur.',
  labels: ['scheduling_policy', 'az'],
  cardinality: 'cluster',
  *samples({ reading }: Input) {
    const groups = new Map<string, { fact: SafekeeperFact; count: number }>();
    for (const fact of reading.safekeepers) {
      const key = JSON.stringify([fact.schedulingPolicy, fact.az]);
      groups.set(key, { fact, count: (groups.get(key)?.count ?? 0) + 1 });
    }
    for (const { fact, count } of groups.values()) {
      yield sample({ scheduling_policy: fact.schedulingPolicy, az: fact.az }, count);
    }
  },
});

/** The controller's safekeeper list. It has no liveness: a dead safekeeper still shows `Active`. */
export const safekeepers = {
  name: 'safekeepers',
  summary: 'Safekeepers registered with the storage controller: scheduling policy, zone, addresses.',
  kind: 'storage_controller',
  families: [safekeeperInfo, safekeeperScheduling, safekeeperCount],
  async collect({ http, signal }) {
    const setAside = countSetAside();
    const byId = new Map<number, SafekeeperFact>();
    for (const row of await http.getJsonList('/control/v1/safekeeper', Safekeeper, signal)) {
      if (byId.has(row.id)) setAside.add('duplicate');
      else {
        byId.set(row.id, {
          safekeeperId: row.id,
          regionId: row.region_id,
          address: formatAddress(row.host, row.port),
          httpAddress: formatAddress(row.host, row.http_port),
          httpsAddress: row.https_port == null ? undefined : formatAddress(row.host, row.https_port),
          az: row.availability_zone_id,
          schedulingPolicy: row.scheduling_policy,
        });
      }
    }
    const facts = [...byId.values()].sort((left, right) => left.safekeeperId - right.safekeeperId);
    return { safekeepers: facts, setAside: setAside.total() };
  },
} as const satisfies Collector<SafekeepersReading>;
