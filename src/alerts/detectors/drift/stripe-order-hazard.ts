import type { LiveSettings } from '../../../collectors/compute/compute-settings-reading.ts';
import { type Detector, perTarget } from '../../detector.ts';
import { computeSubject, instant } from '../../drift/evidence.ts';
import { reloadStep } from '../../drift/remedy.ts';
import type { Finding, Subject } from '../../finding.ts';
import { hookSubject } from '../controller/instances.ts';

/** `neon.stripe_size` of a compute that was given none: what a connection string is assigned with at the start. */
const defaultStripeBlocks = 2048;

type ComputeMemory = {
  readonly startedAtMs: number;
  readonly stripeBlocks: number | null;
  /** Newest load of the files that was seen with this stripe size. */
  readonly loadedAtMs: number;
  /** The files were loaded again while this stripe size was in force: then the compute works with it. */
  readonly isTaken: boolean;
};
type Memory = { readonly [compute: string]: ComputeMemory };

/** Loaded once only, at the start: the connection string was assigned while the stripe size was still the default. */
function isFirstLoad({ confLoadedAtMs, postmasterStartedAtMs }: LiveSettings): boolean {
  return confLoadedAtMs <= postmasterStartedAtMs;
}

function remember(live: LiveSettings, before: ComputeMemory | undefined): ComputeMemory {
  const { postmasterStartedAtMs: startedAtMs, confLoadedAtMs: loadedAtMs } = live;
  const stripeBlocks = live.stripeSizeBlocks ?? null;
  const isSame = before?.startedAtMs === startedAtMs && before.stripeBlocks === stripeBlocks;
  const isReloaded = isSame && loadedAtMs > before.loadedAtMs;
  const isDefault = stripeBlocks === defaultStripeBlocks && isFirstLoad(live);
  return {
    startedAtMs,
    stripeBlocks,
    loadedAtMs,
    isTaken: isDefault || isReloaded || (isSame && before.isTaken),
  };
}

function endpointsOf({ connstring }: LiveSettings) {
  return connstring !== undefined && 'endpoints' in connstring ? connstring.endpoints : [];
}

function hazard(hook: Subject, compute: string, live: LiveSettings, atMs: number): Finding {
  const endpoints = endpointsOf(live);
  const isCertain = isFirstLoad(live) && live.stripeSizeBlocks !== defaultStripeBlocks;
  const isSpread = new Set(endpoints.map(({ host, port }) => `${host.toLowerCase()}:${port}`)).size > 1;
  const told = { source: 'pg_settings', atMs };
  return {
    subject: computeSubject(compute),
    severity: isCertain && isSpread ? 'critical' : 'warning',
    summary: isCertain
      ? `Compute ${compute} works with stripes of ${defaultStripeBlocks} blocks although its setting says ${live.stripeSizeBlocks}: requests go to the wrong shards until its files are loaded once more.`
      : `Compute ${compute} may work with the stripe size of the load before: neon.stripe_size stands after the connection string in its files, and requests may go to the wrong shards.`,
    evidence: [
      {
        what: 'order in the files',
        value: 'neon.stripe_size stands after neon.pageserver_connstring',
        source: 'pg_file_settings',
        atMs,
      },
      {
        what: 'stripe size that is shown',
        value: live.stripeSizeBlocks ?? 'not set',
        unit: 'blocks',
        ...told,
      },
      { what: 'entries of the connection string', value: endpoints.length, unit: 'shards', ...told },
      { what: 'files loaded', value: instant(live.confLoadedAtMs), source: 'pg_conf_load_time()', atMs },
      {
        what: 'compute started',
        value: instant(live.postmasterStartedAtMs),
        source: 'pg_postmaster_start_time()',
        atMs,
      },
    ],
    remedy: [
      reloadStep,
      {
        text: 'Make the hook set neon.stripe_size before neon.pageserver_connstring, with one reload after both.',
      },
    ],
    avoid: [
      {
        what: 'believing pg_settings or SHOW here',
        why: 'they show the new stripe size while the old one is still in use',
      },
      {
        what: 'restarting the compute',
        why: 'it assigns the connection string while the stripe size is still the default, and brings config.json back',
      },
    ],
    related: [hook],
  };
}

/**
 * Hidden state of a compute: a connection string is assigned together with the stripe size as it is at that moment, in
 * the order of the files (pgxn/neon/libpagestore.c). One more load of the same files puts it right.
 */
export const stripeOrderHazard: Detector<Memory> = {
  id: 'stripe_order_hazard',
  alert: 'NeonStripeOrderHazard',
  layer: 'compute',
  severity: 'critical',
  summary:
    'A compute of a sharded tenant may work with a former stripe size, although its settings show the new one.',
  classes: [],
  needs: ['compute_settings'],
  hold: { forMs: 60_000, samples: 3, keepFiringMs: 60_000 },
  explainedBy: [],
  detect(input) {
    const { looks } = input;
    const watched = new Set(looks.map(({ target }) => target.name));
    const kept = Object.entries(input.memory ?? {}).filter(([name]) => watched.has(name));
    const memory = new Map(kept);
    const verdict = perTarget(
      input,
      'compute_settings',
      computeSubject,
      ({ target, reading, lastReadAtMs }) => {
        const subject = computeSubject(target.name);
        const { live } = reading;
        if (live === undefined)
          return { unknown: [{ subject, missing: [`${target.name}: no settings of a compute`] }] };
        const own = remember(live, memory.get(target.name));
        memory.set(target.name, own);
        if (endpointsOf(live).length < 2) return {};
        if (live.files === undefined) {
          return { unknown: [{ subject, missing: [`${target.name}: pg_file_settings cannot be read`] }] };
        }
        if (!live.files.hasStripeOrderHazard || own.isTaken) return {};
        return { findings: [hazard(hookSubject(looks), target.name, live, lastReadAtMs)] };
      },
    );
    return { ...verdict, memory: Object.fromEntries(memory) };
  },
};
