import type { Clock } from '../../clock.ts';
import type { World } from '../world/api.ts';

/** Keeps a world's time in step with a clock. */
export interface Pace {
  /** Lets the world catch up with the clock. */
  catchUp(): void;
  stop(): void;
}

/** Commands make things due that were not when the sleep began, so no sleep is longer. */
const longestSleepMs = 100;
const shortestSleepMs = 5;

/** @param moved is called whenever the world's time has moved */
export function keepPace(world: World, clock: Clock, moved: () => void): Pace {
  let reachedMs = clock.monotonicMs();
  let isStopped = false;
  let cancel = (): void => undefined;

  function catchUp(): void {
    const ms = Math.floor(clock.monotonicMs() - reachedMs);
    if (ms <= 0) return;
    reachedMs += ms;
    world.advance(ms);
    moved();
  }

  function sleep(): void {
    if (isStopped) return;
    const dueInMs = (world.nextEventMs() ?? Number.POSITIVE_INFINITY) - world.nowMs();
    cancel = clock.after(Math.min(Math.max(dueInMs, shortestSleepMs), longestSleepMs), () => {
      catchUp();
      sleep();
    });
  }

  sleep();
  return {
    catchUp,
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
