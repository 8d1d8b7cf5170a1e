import { z } from 'zod';
import { type Setting, settingsOf } from '../settings/describe.ts';
import { AddressMap } from '../settings/host-port.ts';
import { FilePath } from '../settings/secret.ts';
import { Broker } from './sections/broker.ts';
import { Collection } from './sections/collection.ts';
import { Collectors } from './sections/collectors.ts';
import { ComputeHook } from './sections/compute-hook.ts';
import { Computes } from './sections/computes.ts';
import { Findings } from './sections/findings.ts';
import { Heal } from './sections/heal.ts';
import { Http } from './sections/http.ts';
import { Limits } from './sections/limits.ts';
import { Log } from './sections/log.ts';
import { Pageservers } from './sections/pageservers.ts';
import { Safekeepers } from './sections/safekeepers.ts';
import { Series } from './sections/series.ts';
import { Sql } from './sections/sql.ts';
import { StorageController } from './sections/storage-controller.ts';

/**
 * The whole configuration, declared once: types, defaults, file, environment, flags, help, JSON Schema,
 * docs/settings.md and redaction are all made from it. Times decode to milliseconds, sizes to bytes.
 * What two settings forbid together is in combinations.ts.
 */
export const ConfigSchema = z.strictObject({
  http: Http,
  log: Log,
  storageController: StorageController,
  pageservers: Pageservers,
  safekeepers: Safekeepers,
  broker: Broker,
  computeHook: ComputeHook,
  computes: Computes,
  sql: Sql,
  addresses: AddressMap.default({}).meta({
    description:
      'Maps an address that the controller announces to one that can be dialled from here. Comparisons keep the announced one.',
    example: '{"pageserver2:9898": "localhost:9899"}',
  }),
  limits: Limits,
  collection: Collection,
  collectors: Collectors,
  series: Series,
  findings: Findings,
  heal: Heal,
  dataDir: FilePath.optional().meta({
    description:
      'Folder that keeps what must outlive a restart: which findings are pending and firing. Made when missing; ' +
      'without it a restart forgets them.',
    example: '/var/lib/neonwatch',
  }),
});

export type Config = z.output<typeof ConfigSchema>;

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(ConfigSchema);
