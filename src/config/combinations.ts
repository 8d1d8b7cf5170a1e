import { detectors } from '../alerts/registry.ts';
import { formatDuration } from '../settings/duration.ts';
import { nearest } from '../settings/nearest.ts';
import { collectorNames } from './collector-names.ts';
import { collectorSchedule } from './collector-schedule.ts';
import type { Config } from './schema.ts';

/** Settings that are each right and cannot be right together. */
export interface Refusal {
  /** Paths of the settings concerned, the one to look at first in front. */
  readonly settings: readonly [string, ...string[]];
  /** Part of the first setting's value: `[0, 'dsn']`. */
  readonly inner?: readonly PropertyKey[];
  /** Begins where `setting path: ` ends. Names the other setting and the remedy. */
  readonly message: string;
}

/** Every impossible combination in a configuration whose settings are valid one by one. */
export function impossibleCombinations(config: Config): Refusal[] {
  return [
    ...doubledSecrets(config),
    ...computesWithoutOneDsn(config),
    ...computesAtOdds(config),
    ...statementsOverTimeout(config),
    ...repeatedUrls(config),
    ...peersAtOdds(config),
    ...placementWithoutSource(config),
    ...timeoutsOverIntervals(config),
    ...connectOverTimeout(config),
    ...unheardOfFindings(config),
  ];
}

/** A configuration that watches nothing: refused where it is meant to watch. The message stands alone. */
export function nothingToWatch(config: Config): Refusal | undefined {
  const { storageController, pageservers, safekeepers, broker, computeHook, computes } = config;
  const isWatching =
    storageController.url !== undefined ||
    storageController.dsn !== undefined ||
    storageController.dsnFile !== undefined ||
    pageservers.urls.length > 0 ||
    safekeepers.urls.length > 0 ||
    broker.url !== undefined ||
    computeHook.url !== undefined ||
    computes.some(({ wake, computeCtlUrl }) => wake !== 'never' || computeCtlUrl !== undefined);
  if (isWatching) return undefined;
  return {
    settings: ['storageController.url', 'pageservers.urls'],
    message:
      'nothing to watch: no storageController.url, pageservers.urls or computes is set; write ' +
      '`storageController: {url: http://localhost:1234}` in the configuration file, or `export storcon_api=http://localhost:1234`',
  };
}

function unheardOfFindings({ findings }: Config): Refusal[] {
  const ids = detectors.map(({ id }) => id);
  return findings.disabled.flatMap((id, at): Refusal[] => {
    if (ids.includes(id)) return [];
    const near = nearest(id, ids);
    const remedy = near === undefined ? 'docs/detectors.md lists them' : `did you mean "${near}"?`;
    return [
      {
        settings: ['findings.disabled'],
        inner: [at],
        message: `there is no finding ${JSON.stringify(id)}; ${remedy}`,
      },
    ];
  });
}

function doubledSecrets({ storageController, pageservers, safekeepers }: Config): Refusal[] {
  const pairs = [
    ['storageController.token', storageController.token, storageController.tokenFile],
    ['storageController.describeToken', storageController.describeToken, storageController.describeTokenFile],
    ['storageController.dsn', storageController.dsn, storageController.dsnFile],
    ['pageservers.token', pageservers.token, pageservers.tokenFile],
    ['safekeepers.token', safekeepers.token, safekeepers.tokenFile],
  ] as const;
  return pairs.flatMap(([path, value, file]): Refusal[] => {
    if (value === undefined || file === undefined) return [];
    return [{ settings: [path, `${path}File`], message: `${path}File is set as well; keep one of the two` }];
  });
}

function computesWithoutOneDsn({ computes }: Config): Refusal[] {
  return computes.flatMap(({ dsn, dsnFile }, index): Refusal[] => {
    if ((dsn === undefined) !== (dsnFile === undefined)) return [];
    if (dsn === undefined) {
      return [{ settings: ['computes'], inner: [index], message: 'has neither dsn nor dsnFile; write one' }];
    }
    return [
      {
        settings: ['computes'],
        inner: [index, 'dsn'],
        message: 'dsnFile is set as well; keep one of the two',
      },
    ];
  });
}

function computesAtOdds({ computes }: Config): Refusal[] {
  const names = computes.map(({ name }) => name);
  return computes.flatMap((compute, index): Refusal[] => {
    const { name, wake, computeCtlUrl, computeCtlToken, computeCtlTokenFile } = compute;
    const refuse = (key: string, message: string): Refusal => ({
      settings: ['computes'],
      inner: [index, key],
      message,
    });
    const refusals: Refusal[] = [];
    if (wake === 'piggyback' && computeCtlUrl === undefined) {
      refusals.push(
        refuse('wake', '"piggyback" needs computeCtlUrl, which says when it was last active; set it'),
      );
    }
    if (computeCtlToken !== undefined && computeCtlTokenFile !== undefined) {
      refusals.push(refuse('computeCtlToken', 'computeCtlTokenFile is set as well; keep one of the two'));
    }
    const first = names.indexOf(name);
    if (name !== undefined && first !== index) {
      refusals.push(refuse('name', `the same as computes[${first}].name; computes are told apart by it`));
    }
    const isNamed = name !== undefined || (compute.dsn === undefined && compute.dsnFile === undefined);
    if (!isNamed && computes.length > 1) {
      refusals.push(refuse('name', 'is missing; with several computes each needs one'));
    }
    return refusals;
  });
}

function statementsOverTimeout({ sql }: Config): Refusal[] {
  if (sql.lockTimeout <= sql.statementTimeout) return [];
  const message =
    `${formatDuration(sql.lockTimeout)} is longer than sql.statementTimeout, ${formatDuration(sql.statementTimeout)}, ` +
    'and so would never count; lower sql.lockTimeout';
  return [{ settings: ['sql.lockTimeout', 'sql.statementTimeout'], message }];
}

function repeatedUrls({ pageservers, safekeepers, storageController }: Config): Refusal[] {
  const lists = [
    ['pageservers.urls', pageservers.urls],
    ['safekeepers.urls', safekeepers.urls],
    ['storageController.peers', storageController.peers],
  ] as const;
  return lists.flatMap(([path, urls]) =>
    urls.flatMap((url, index): Refusal[] => {
      const first = urls.indexOf(url);
      if (first === index) return [];
      return [{ settings: [path], inner: [index], message: `the same as ${path}[${first}]; remove one` }];
    }),
  );
}

function peersAtOdds({ storageController: { url, peers } }: Config): Refusal[] {
  if (url === undefined && peers.length > 0) {
    const message = 'needs storageController.url, which is not set; set it to one of them';
    return [{ settings: ['storageController.peers', 'storageController.url'], message }];
  }
  const own = url === undefined ? undefined : new URL(url).host;
  return peers.flatMap((peer, index): Refusal[] => {
    if (new URL(peer).host !== own) return [];
    const message = 'the same host and port as storageController.url; list only the other instances';
    return [{ settings: ['storageController.peers', 'storageController.url'], inner: [index], message }];
  });
}

function placementWithoutSource({ storageController, pageservers, collectors }: Config): Refusal[] {
  const refusals: Refusal[] = [];
  if (storageController.placement === 'locations' && !collectors.pageserver_locations.enabled) {
    refusals.push({
      settings: ['storageController.placement', 'collectors.pageserver_locations.enabled'],
      message: '"locations" needs the collector pageserver_locations, which is disabled; enable it',
    });
  }
  const withoutPageservers = !pageservers.discover && pageservers.urls.length === 0;
  if (storageController.placement === 'locations' && withoutPageservers) {
    refusals.push({
      settings: ['storageController.placement', 'pageservers.discover', 'pageservers.urls'],
      message:
        '"locations" needs pageservers, but pageservers.discover is false and pageservers.urls is empty; ' +
        'set pageservers.discover: true or list pageservers.urls',
    });
  }
  for (const key of ['describeToken', 'describeTokenFile'] as const) {
    if (storageController[key] === undefined || storageController.url !== undefined) continue;
    refusals.push({
      settings: [`storageController.${key}`, 'storageController.url'],
      message: 'needs storageController.url, which is not set; set it, or remove this',
    });
  }
  return refusals;
}

function timeoutsOverIntervals(config: Config): Refusal[] {
  const byPair = new Map<string, Refusal>();
  for (const name of enabledCollectors(config)) {
    const { intervalMs, timeoutMs, intervalSetting, timeoutSetting } = collectorSchedule(config, name);
    if (timeoutMs <= intervalMs) continue;
    const message =
      `${formatDuration(timeoutMs)} is longer than ${intervalSetting}, ${formatDuration(intervalMs)}; ` +
      `lower ${timeoutSetting} or raise ${intervalSetting}`;
    byPair.set(`${timeoutSetting} ${intervalSetting}`, {
      settings: [timeoutSetting, intervalSetting],
      message,
    });
  }
  return [...byPair.values()];
}

function connectOverTimeout(config: Config): Refusal[] {
  const schedules = enabledCollectors(config).map((name) => collectorSchedule(config, name));
  const [first, ...rest] = schedules;
  if (first === undefined) return [];
  const shortest = rest.reduce((least, next) => (next.timeoutMs < least.timeoutMs ? next : least), first);
  const { connectTimeout } = config.limits;
  if (connectTimeout <= shortest.timeoutMs) return [];
  const message =
    `${formatDuration(connectTimeout)} is longer than ${shortest.timeoutSetting}, ${formatDuration(shortest.timeoutMs)}, ` +
    `the shortest deadline of a collector; lower limits.connectTimeout or raise ${shortest.timeoutSetting}`;
  return [{ settings: ['limits.connectTimeout', shortest.timeoutSetting], message }];
}

function enabledCollectors(config: Config) {
  return collectorNames.filter((name) => config.collectors[name].enabled);
}
