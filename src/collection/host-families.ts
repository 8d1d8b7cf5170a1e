import { family } from '../metrics/family.ts';
import { sample } from '../metrics/samples.ts';

/** What the configuration says of a compute's host: SQL cannot see it, so it is told or unknown. */
export interface HostFacts {
  readonly compute: string;
  readonly memoryBytes: number | undefined;
  readonly diskBytes: number | undefined;
}

function perHost(pick: (host: HostFacts) => number | undefined) {
  return function* samples(hosts: readonly HostFacts[]) {
    for (const host of hosts) {
      const value = pick(host);
      if (value !== undefined) yield sample({ compute: host.compute }, value);
    }
  };
}

const shape = { type: 'gauge', unit: 'bytes', labels: ['compute'], cardinality: 'node' } as const;

const memory = family({
  ...shape,
  name: 'neon_compute_host_memory_bytes',
  help: "Memory of a compute's host as the configuration says; absent when it does not.",
  samples: perHost((host) => host.memoryBytes),
});

const disk = family({
  ...shape,
  name: 'neon_compute_host_disk_bytes',
  help: "Disk of a compute's host as the configuration says; absent when it does not.",
  samples: perHost((host) => host.diskBytes),
});

export const hostFamilies = [memory, disk];
