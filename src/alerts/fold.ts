import type { Detector } from './detector.ts';
import { subjectText } from './finding.ts';
import { type Alert, alertKey } from './lifecycle.ts';

/** Subjects that everything else hangs on: a finding about one of them explains a symptom anywhere. */
const encompassing: readonly string[] = ['cluster', 'controller', 'controller_database'];

/** Firing alerts of one detector, to be found by what they are about. */
interface Causes {
  /** In the order of the list. */
  readonly places: ReadonlyMap<string, number>;
  readonly alerts: readonly Alert[];
  /** About something that everything hangs on; places in `alerts`. */
  readonly encompassing: readonly number[];
}

function causesOf(alerts: readonly Alert[]): Causes {
  const places = new Map(alerts.map(({ finding }, at) => [subjectText(finding.subject), at]));
  const isEncompassing = ({ finding }: Alert) => encompassing.includes(finding.subject.kind);
  const wide = alerts.flatMap((alert, at) => (isEncompassing(alert) ? [at] : []));
  return { places, alerts, encompassing: wide };
}

/** The first of them that explains the symptom: about the same, about one that it depends on, or about everything. */
function causeAmong({ places, alerts, encompassing: wide }: Causes, symptom: Alert): Alert | undefined {
  const { subject, related = [] } = symptom.finding;
  const about = [subject, ...related].flatMap((one) => places.get(subjectText(one)) ?? []);
  const candidates = [...about, ...wide].filter((at) => alerts[at] !== symptom);
  return candidates.length === 0 ? undefined : alerts[Math.min(...candidates)];
}

/**
 * Which firing alert each firing alert is explained by: key of the symptom → key of its cause. A cause that is itself
 * explained leads on to its own, so that everything hangs on what has to be mended first. One that explains itself
 * in a circle is left alone.
 */
export function fold(
  alerts: readonly Alert[],
  detectors: ReadonlyMap<string, Detector>,
): ReadonlyMap<string, string> {
  const firing = alerts.filter(({ phase }) => phase === 'firing');
  const causes = new Map(
    [...Map.groupBy(firing, ({ detectorId }) => detectorId)].map(([id, of]) => [id, causesOf(of)]),
  );
  const direct = new Map<string, string>();
  for (const symptom of firing) {
    for (const id of detectors.get(symptom.detectorId)?.explainedBy ?? []) {
      const among = causes.get(id);
      const cause = among === undefined ? undefined : causeAmong(among, symptom);
      if (cause === undefined) continue;
      direct.set(keyOf(symptom), keyOf(cause));
      break;
    }
  }
  return new Map([...direct.keys()].flatMap((key) => rooted(direct, key)));
}

function keyOf(alert: Alert): string {
  return alertKey(alert.detectorId, alert.finding.subject);
}

function rooted(direct: ReadonlyMap<string, string>, key: string): [string, string][] {
  const passed = new Set([key]);
  let at = key;
  for (let next = direct.get(at); next !== undefined; next = direct.get(at)) {
    if (passed.has(next)) return [];
    passed.add(next);
    at = next;
  }
  return [[key, at]];
}
