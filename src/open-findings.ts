import type { Logger } from 'pino';
import { subjectText } from './alerts/finding.ts';
import type { Change } from './alerts/lifecycle.ts';
import { detectors } from './alerts/registry.ts';
import { decodeState, type SavedState } from './alerts/saved-state.ts';
import { runbookPath } from './alerts/snapshot.ts';
import type { Thresholds } from './alerts/thresholds.ts';
import { type FindingsWatch, watchFindings } from './alerts/watch.ts';
import type { Clock } from './clock.ts';
import type { HostFacts } from './collection/host-families.ts';
import type { JobStatus } from './collection/job.ts';
import type { Readings } from './collection/store.ts';
import type { Config } from './config/schema.ts';
import { createRepeatLimit } from './log.ts';
import { type StateFile, stateFile } from './sources/state-file.ts';

/** In `dataDir`. */
const fileName = 'findings.json';

export interface OpenFindings {
  readonly config: Pick<Config, 'findings' | 'dataDir' | 'addresses'>;
  readonly readings: Readings;
  readonly statuses: () => readonly JobStatus[];
  readonly hosts: readonly HostFacts[];
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onEvaluated: () => void;
}

/** The detectors that the configuration leaves on. */
export function enabledDetectors({ findings }: Pick<Config, 'findings'>) {
  return detectors.filter(({ id }) => !findings.disabled.includes(id));
}

/** `addresses` says as well which addresses lead to the same place. */
export function effectiveThresholds(config: Pick<Config, 'findings' | 'addresses'>): Thresholds {
  const { thresholds } = config.findings;
  const { drift } = thresholds;
  return { ...thresholds, drift: { ...drift, aliases: { ...config.addresses, ...drift.aliases } } };
}

/** One line for people and machines: what fired, changed or resolved. */
function logChange(logger: Logger, change: Change): void {
  const { detectorId, finding, sinceMs } = change.alert;
  const line = {
    finding: detectorId,
    change: change.kind,
    severity: finding.severity,
    subject: subjectText(finding.subject),
    ...(finding.className === undefined ? {} : { class: finding.className }),
    ...finding.facts,
    since: new Date(sinceMs).toISOString(),
    runbook: runbookPath(detectorId),
  };
  if (change.kind === 'resolved') logger.info(line, `resolved: ${finding.summary}`);
  else logger.warn(line, finding.summary);
}

/** What a former process left; a file that cannot be used is told of, kept aside by nobody, and written over. */
async function load(file: StateFile, logger: Logger): Promise<SavedState | undefined> {
  try {
    const text = await file.read();
    if (text === undefined) return undefined;
    const saved = decodeState(text);
    if (typeof saved !== 'string') return saved;
    logger.warn({ file: file.path }, `the saved findings cannot be used: ${saved}; they begin anew`);
  } catch (error) {
    logger.warn(`${(error as Error).message}; findings begin anew`);
  }
  return undefined;
}

/** Starts the evaluation of findings; undefined when they are switched off. */
export async function openFindings(options: OpenFindings): Promise<FindingsWatch | undefined> {
  const { config, logger, clock } = options;
  if (!config.findings.enabled) return undefined;
  const limit = createRepeatLimit(clock);
  const file = config.dataDir === undefined ? undefined : stateFile(config.dataDir, fileName);
  return watchFindings({
    detectors: enabledDetectors(config),
    readings: options.readings,
    looks: options.statuses,
    thresholds: effectiveThresholds(config),
    hosts: options.hosts,
    intervalMs: config.findings.interval,
    clock,
    saved: file && (await load(file, logger)),
    async save(text) {
      await file?.write(text).catch((error: Error) => {
        const admitted = limit.admit('findings file', error.message);
        if (admitted)
          logger.error({ ...admitted }, `${error.message}; findings go on and would not outlive a restart`);
      });
    },
    onError: (error) => logger.error({ err: error }, 'the findings could not be evaluated'),
    onEvaluated(changes) {
      for (const change of changes) logChange(logger, change);
      options.onEvaluated();
    },
  });
}
