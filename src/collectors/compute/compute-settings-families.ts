import { family } from '../../metrics/family.ts';
import { flag, sample } from '../../metrics/samples.ts';
import { formatAddress } from '../../neon/address.ts';
import { connstringFlaws } from '../../neon/connstring.ts';
import type { TargetReading } from '../collector.ts';
import type { ComputeSettingsReading, LiveSettings } from './compute-settings-reading.ts';

type Input = TargetReading<ComputeSettingsReading>;

/** One sample per compute; none when the reading does not know. */
function perCompute(pick: (live: LiveSettings) => number | undefined) {
  return ({ target, reading }: Input) => {
    const value = reading.live === undefined ? undefined : pick(reading.live);
    return value === undefined ? [] : [sample({ compute: target.name }, value)];
  };
}

const shape = { labels: ['compute'], cardinality: 'node', type: 'gauge' } as const;

const settingsInfo = family({
  name: 'neon_compute_settings_info',
  type: 'info',
  help: 'Tenant, timeline and mode of a compute by its live settings, and how they were read: pg_settings, or current_setting where the neon library is not loaded.',
  labels: ['compute', 'tenant_id', 'timeline_id', 'compute_mode', 'read_via'],
  cardinality: 'node',
  samples: ({ target, reading: { live } }: Input) =>
    live === undefined
      ? []
      : [
          sample(
            {
              compute: target.name,
              tenant_id: live.tenantId ?? '',
              timeline_id: live.timelineId ?? '',
              compute_mode: live.computeMode ?? '',
              read_via: live.readVia,
            },
            1,
          ),
        ],
});

const pageserverInfo = family({
  name: 'neon_compute_pageserver_info',
  type: 'info',
  help: 'Pageserver from which a compute reads a shard, by its live neon.pageserver_connstring, without user and password.',
  labels: ['compute', 'shard_number', 'address'],
  cardinality: 'node',
  *samples({ target, reading: { live } }: Input) {
    if (live?.connstring === undefined || 'flaw' in live.connstring) return;
    for (const [shard, { host, port }] of live.connstring.endpoints.entries()) {
      const labels = {
        compute: target.name,
        shard_number: String(shard),
        address: formatAddress(host, port),
      };
      yield sample(labels, 1);
    }
  },
});

const shards = family({
  ...shape,
  name: 'neon_compute_shards',
  help: 'Entries of the live neon.pageserver_connstring, which is how many shards a compute believes its tenant has.',
  samples: perCompute(({ connstring }) =>
    connstring === undefined || 'flaw' in connstring ? undefined : connstring.endpoints.length,
  ),
});

const connstringMalformed = family({
  name: 'neon_compute_connstring_malformed',
  type: 'gauge',
  help: 'Whether the live neon.pageserver_connstring cannot be taken apart: 1 for what is wrong with it.',
  labels: ['compute', 'flaw'],
  cardinality: 'node',
  *samples({ target, reading: { live } }: Input) {
    if (live?.connstring === undefined) return;
    const present = 'flaw' in live.connstring ? live.connstring.flaw : undefined;
    for (const flaw of connstringFlaws) yield sample({ compute: target.name, flaw }, flag(flaw === present));
  },
});

const stripeSize = family({
  ...shape,
  name: 'neon_compute_stripe_size_blocks',
  help: 'Live neon.stripe_size of a compute, in blocks as the storage controller counts it.',
  samples: perCompute(({ stripeSizeBlocks }) => stripeSizeBlocks),
});

const settingSource = family({
  name: 'neon_compute_setting_source_info',
  type: 'info',
  help: 'Where the live value of a storage setting comes from, as pg_settings has it; file is empty without pg_read_all_settings.',
  labels: ['compute', 'setting', 'source', 'file'],
  cardinality: 'node',
  samples: ({ target, reading: { live } }: Input) =>
    (live?.sources ?? []).map(({ setting, source, file }) =>
      sample({ compute: target.name, setting, source, file: file ?? '' }, 1),
    ),
});

const pendingRestart = family({
  ...shape,
  name: 'neon_compute_settings_pending_restart',
  help: 'Storage settings of a compute that were changed in a file and wait for a restart.',
  samples: perCompute(({ readVia, sources }) =>
    readVia === 'pg_settings' ? sources.filter(({ isPendingRestart }) => isPendingRestart).length : undefined,
  ),
});

const pendingReload = family({
  ...shape,
  name: 'neon_compute_settings_pending_reload',
  help: 'Storage settings of a compute whose live value is not what the configuration files say.',
  samples: perCompute(({ files }) => files?.pendingReload?.length),
});

const stripeOrderHazard = family({
  ...shape,
  name: 'neon_compute_stripe_order_hazard',
  help: 'Whether neon.stripe_size stands after neon.pageserver_connstring in the files, so that a compute may work with the stripe size of the reload before.',
  samples: perCompute(({ files }) => (files === undefined ? undefined : flag(files.hasStripeOrderHazard))),
});

const connstringShadowed = family({
  ...shape,
  name: 'neon_compute_connstring_shadowed',
  help: 'Whether ALTER SYSTEM hides another connection string in postgresql.conf, which comes back when the compute is started anew.',
  samples: perCompute(({ files }) => (files === undefined ? undefined : flag(files.isConnstringShadowed))),
});

const confLoad = family({
  ...shape,
  name: 'neon_compute_conf_load_timestamp_seconds',
  unit: 'seconds',
  help: 'When a compute last loaded its configuration files.',
  samples: perCompute(({ confLoadedAtMs }) => confLoadedAtMs / 1000),
});

const safekeepers = family({
  ...shape,
  name: 'neon_compute_safekeepers',
  help: 'Safekeepers in the live neon.safekeepers of a compute.',
  samples: perCompute((live) => live.safekeepers?.addresses.length),
});

const safekeepersGeneration = family({
  ...shape,
  name: 'neon_compute_safekeepers_generation',
  help: 'Generation of the safekeeper membership in the live neon.safekeepers of a compute; absent when it names none.',
  samples: perCompute((live) => live.safekeepers?.generation),
});

const configMatchesLive = family({
  name: 'neon_compute_config_matches_live',
  type: 'gauge',
  help: 'Whether config.json would give a storage setting its live value at the next start of a compute.',
  labels: ['compute', 'setting'],
  cardinality: 'node',
  samples: ({ target, reading: { live } }: Input) =>
    [...(live?.nextStart?.matchesLive ?? [])].map(([setting, matches]) =>
      sample({ compute: target.name, setting }, flag(matches)),
    ),
});

const configConsistent = family({
  ...shape,
  name: 'neon_compute_config_consistent',
  help: 'Whether all places of config.json that name pageservers name the same ones; the last written one counts.',
  samples: perCompute(({ nextStart }) =>
    nextStart === undefined ? undefined : flag(nextStart.isConsistent),
  ),
});

export const computeSettingsFamilies = [
  settingsInfo,
  pageserverInfo,
  shards,
  connstringMalformed,
  stripeSize,
  settingSource,
  pendingRestart,
  pendingReload,
  stripeOrderHazard,
  connstringShadowed,
  confLoad,
  safekeepers,
  safekeepersGeneration,
  configMatchesLive,
  configConsistent,
];
