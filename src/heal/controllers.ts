import type { Look } from '../alerts/detector.ts';
import type { Observation, Readings } from '../collection/store.ts';
import type { ReadingOf } from '../collectors/registry.ts';

type Metrics = Observation<ReadingOf<'controller_metrics'>>;

/** The one process of the controller that leads, by what it says of itself; undefined: none, several, or not known. */
export function leadingMetrics(readings: Readings): Metrics | undefined {
  const all = readings.all('controller_metrics');
  const leading = all.filter(({ reading }) => reading.leadership === 'leader');
  // One without peers may not say what it is.
  const alone = all.length === 1 && all[0]?.reading.leadership === undefined ? all : [];
  const found = leading.length > 0 ? leading : alone;
  return found.length === 1 ? found[0] : undefined;
}

/** Names of the processes that are ready and lead, and of those of which that is not known. */
export function leaders(readings: Readings, looks: readonly Look[]) {
  const health = readings.all('controller_health');
  const live = health.filter(({ reading }) => reading.isReady && reading.isLive);
  const watched = looks.filter(({ collector }) => collector === 'controller_health');
  const read = new Set(health.map(({ target }) => target.name));
  const unknown = watched.filter(({ target, up }) => up !== true || !read.has(target.name));
  return { live: live.map(({ target }) => target.name), unknown: unknown.map(({ target }) => target.name) };
}
