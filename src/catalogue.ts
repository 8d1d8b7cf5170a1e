import { findingFamilies } from './alerts/families.ts';
import { hostFamilies } from './collection/host-families.ts';
import { buildInfo, collectionFamilies } from './collection/self-families.ts';
import { postgresUp } from './collectors/postgres/up.ts';
import { erasedCollectors, erasedSqlCollectors } from './collectors/registry.ts';
import type { FamilyDeclaration } from './metrics/family.ts';
import { selfFamilies } from './render/self-families.ts';
import { views } from './views/registry.ts';

/** One family and where it comes from: what docs/metrics.md, rules and dashboards are checked against. */
export interface CatalogueEntry {
  readonly declaration: FamilyDeclaration;
  /** The collector, view or part of neonwatch that gives it. */
  readonly source: string;
  readonly sourceSummary: string;
}

function entries(
  source: string,
  sourceSummary: string,
  families: readonly FamilyDeclaration[],
): CatalogueEntry[] {
  return families.map((declaration) => ({ declaration, source, sourceSummary }));
}

/** Every declared family in the order of the page. The process's own come from prom-client and are not among them. */
export function catalogue(): readonly CatalogueEntry[] {
  return [
    ...[...erasedCollectors, ...erasedSqlCollectors].flatMap(({ name, summary, families }) =>
      entries(name, summary, families),
    ),
    ...views.flatMap(({ name, summary, families }) => entries(name, summary, families)),
    ...entries('postgres', 'Whether the last look at plain Postgres succeeded.', [postgresUp]),
    ...entries('hosts', 'What the configuration says of the hosts of computes.', hostFamilies),
    ...entries(
      'findings',
      'What neonwatch finds wrong; docs/detectors.md lists the findings.',
      findingFamilies,
    ),
    ...entries('neonwatch', 'What neonwatch says of its own looking.', [...collectionFamilies, buildInfo]),
    ...entries('exposition', 'What the exposition says of itself.', selfFamilies),
  ];
}
