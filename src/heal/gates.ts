import type { Gate } from './gate.ts';
import { answeredGate } from './gates/answered.ts';
import { blastCapGate } from './gates/blast-cap.ts';
import { confirmedGate } from './gates/confirmed.ts';
import { controllerStartGate } from './gates/controller-start.ts';
import { controllerWellGate } from './gates/controller-well.ts';
import { correlatedGate } from './gates/correlated.ts';
import { dependencyGate } from './gates/dependency.ts';
import { freshnessGate } from './gates/freshness.ts';
import { healerStartGate } from './gates/healer-start.ts';
import { leaderChangeGate } from './gates/leader-change.ts';
import { modeGate } from './gates/mode.ts';
import { operatorWorkGate } from './gates/operator-work.ts';
import { stormGate } from './gates/storm.ts';

/**
 * THE list, the most absolute first: the first that refuses gives the reason. What is missing in the numbers needs a
 * journal, a lease or an Alertmanager, and takes its place here when there is one (docs/HEALING.md).
 */
export const gates: readonly Gate[] = [
  modeGate,
  controllerStartGate,
  leaderChangeGate,
  healerStartGate,
  freshnessGate,
  answeredGate,
  confirmedGate,
  controllerWellGate,
  stormGate,
  correlatedGate,
  dependencyGate,
  operatorWorkGate,
  blastCapGate,
];
