import { z } from 'zod';
import { type Setting, settingsOf } from '../settings/describe.ts';
import { AddressMap } from '../settings/host-port.ts';
import { Collection } from './sections/collection.ts';
import { Collectors } from './sections/collectors.ts';
import { Computes } from './sections/computes.ts';
import { Http } from './sections/http.ts';
import { Limits } from './sections/limits.ts';
import { Log } from './sections/log.ts';
import { Pageservers } from './sections/pageservers.ts';
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
});

export type Config = z.output<typeof ConfigSchema>;

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = settingsOf(ConfigSchema);
