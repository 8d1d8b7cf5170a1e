import { z } from 'zod';
import { ComputeThresholds } from './thresholds/compute.ts';
import { ControllerThresholds } from './thresholds/controller.ts';
import { DriftThresholds } from './thresholds/drift.ts';
import { LintThresholds } from './thresholds/lints.ts';
import { NeurondbThresholds } from './thresholds/neurondb.ts';
import { NodeThresholds } from './thresholds/nodes.ts';
import { PlacementThresholds } from './thresholds/placement.ts';

/** Where each finding begins. One section a family of detectors, in a file of its own under thresholds/. */
export const Thresholds = z
  .strictObject({
    compute: ComputeThresholds,
    lints: LintThresholds,
    drift: DriftThresholds,
    nodes: NodeThresholds,
    controller: ControllerThresholds,
    neurondb: NeurondbThresholds,
    placement: PlacementThresholds,
  })
  .prefault({})
  .meta({ description: 'Where each finding begins.' });

export type Thresholds = z.output<typeof Thresholds>;
