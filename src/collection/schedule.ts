import type { Clock } from '../clock.ts';
import type { CollectorName } from '../collectors/registry.ts';
import type { Target } from '../collectors/target.ts';
import { type Job, type JobStatus, startJob, type Taken } from './job.ts';
import type { Run } from './run.ts';
import type { Store } from './store.ts';

/** How often and how long one collector looks. */
export interface CollectorPlan {
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A target whose connections may be opened, and what there is to run on them. */
export interface OpenTarget {
  readonly runs: readonly Run[];
  readonly close: () => Promise<void>;
}

export interface ScheduleOptions {
  readonly plans: Readonly<Record<CollectorName, CollectorPlan>>;
  /** Intervals without success after which a reading counts no more. */
  readonly keepIntervals: number;
  readonly store: Store;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly open: (target: Target) => OpenTarget;
  readonly onTaken: (collector: CollectorName) => void;
  readonly onEnd: (status: JobStatus) => void;
}

export interface Schedule {
  /** Starts what is new among `targets`, stops what is not among them any more; the rest goes on undisturbed. */
  readonly watch: (targets: readonly Target[]) => void;
  /** By target name, then in registry order. */
  readonly statuses: () => readonly JobStatus[];
  /** Stops all jobs and closes all connections. */
  readonly stop: () => Promise<void>;
}

interface Watched {
  readonly target: Target;
  readonly open: OpenTarget;
  readonly jobs: readonly Job[];
}

function isSame(left: Target, right: Target): boolean {
  return left.url === right.url && left.nodeId === right.nodeId && left.safekeeperId === right.safekeeperId;
}

/**
 * How long a reading counts: a run may start a whole interval late and still take its whole deadline,
 * and only when that many of them have failed is the reading too old.
 */
function keepMs(plan: CollectorPlan, keepIntervals: number): number {
  return keepIntervals * plan.intervalMs + plan.timeoutMs;
}

/** Keeps one job running for every enabled collector and every target of its kind. */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { store, clock, random, plans } = options;
  const watched = new Map<string, Watched>();
  const closing = new Set<Promise<void>>();

  const start = (target: Target): Watched => {
    const open = options.open(target);
    const jobs = open.runs
      .filter(({ collector }) => plans[collector].enabled)
      .map(({ collector, take }) => {
        const plan = plans[collector];
        const onTaken = (taken: Taken): void => {
          store.put(collector, { target, ...taken }, keepMs(plan, options.keepIntervals));
          options.onTaken(collector);
        };
        const collect = (signal: AbortSignal) => take(store.newest(collector, target.name)?.reading, signal);
        return startJob(
          { collector, target, ...plan },
          { collect, clock, random, onTaken, onEnd: options.onEnd },
        );
      });
    return { target, open, jobs };
  };

  const end = (one: Watched): void => {
    for (const job of one.jobs) job.stop();
    store.forget(one.target);
    const closed = one.open.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };

  return {
    watch(targets) {
      const wanted = new Map(targets.map((target) => [`${target.kind} ${target.name}`, target]));
      for (const [key, one] of watched) {
        const target = wanted.get(key);
        if (target !== undefined && isSame(target, one.target)) continue;
        watched.delete(key);
        end(one);
      }
      for (const [key, target] of wanted) if (!watched.has(key)) watched.set(key, start(target));
    },
    statuses: () =>
      [...watched.values()]
        .sort((left, right) => (left.target.name < right.target.name ? -1 : 1))
        .flatMap((one) => one.jobs.map((job) => job.status())),
    async stop() {
      for (const one of watched.values()) end(one);
      watched.clear();
      await Promise.allSettled(closing);
    },
  };
}
