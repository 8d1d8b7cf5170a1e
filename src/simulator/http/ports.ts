import type { WorldConfig } from '../world/api.ts';
import { openService, type Service } from './service.ts';

/** Every socket of the cluster, opened before there is a world: its node list announces where they are. */
export interface Ports {
  readonly host: string;
  readonly controller: Service;
  readonly sim: Service;
  readonly hook: Service;
  readonly broker: Service;
  /** By id; a few more than there are nodes at first. */
  readonly pageservers: ReadonlyMap<number, Service>;
  readonly safekeepers: ReadonlyMap<number, Service>;
  /** By tenant. */
  readonly computes: ReadonlyMap<string, Service>;
  readonly address: WorldConfig['address'];
  openComputes(tenantIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Wanted {
  readonly pageservers: number;
  readonly safekeepers: number;
  readonly host?: string;
  readonly listenBase?: number;
}

/** Pageservers that may join later. */
const sparePageservers = 4;
/** Nobody listens there: the recording's cluster had its pageservers' pagestream on these. */
const firstPgPort = 64_000;

/** Where each kind's ports begin, counted from the base. */
const offsets = {
  controller: 0,
  sim: 1,
  hook: 2,
  broker: 3,
  safekeeper: 10,
  pageserver: 100,
  compute: 1_100,
};

/** @throws an `Error` that names the port that is taken */
export async function openPorts(wanted: Wanted): Promise<Ports> {
  const { pageservers: nodes, safekeepers: keepers, host = '127.0.0.1', listenBase } = wanted;
  const all: Service[] = [];
  async function open(offset: number): Promise<Service> {
    const service = await openService(host, listenBase === undefined ? 0 : listenBase + offset);
    all.push(service);
    return service;
  }
  async function openMany(count: number, offset: number): Promise<ReadonlyMap<number, Service>> {
    const services = new Map<number, Service>();
    for (let id = 1; id <= count; id += 1) services.set(id, await open(offset + id));
    return services;
  }
  async function close(): Promise<void> {
    await Promise.all(all.map((service) => service.close()));
  }
  try {
    const pageservers = await openMany(nodes + sparePageservers, offsets.pageserver);
    const safekeepers = await openMany(keepers, offsets.safekeeper);
    const computes = new Map<string, Service>();
    return {
      host,
      controller: await open(offsets.controller),
      sim: await open(offsets.sim),
      hook: await open(offsets.hook),
      broker: await open(offsets.broker),
      pageservers,
      safekeepers,
      computes,
      address(kind, id) {
        const service = (kind === 'pageserver' ? pageservers : safekeepers).get(id);
        if (service === undefined) throw new RangeError(`no port is kept for ${kind} ${id}`);
        return { host, httpPort: service.port, pgPort: firstPgPort + id - 1 };
      },
      async openComputes(tenantIds) {
        for (const [at, tenantId] of tenantIds.entries()) {
          computes.set(tenantId, await open(offsets.compute + at));
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
