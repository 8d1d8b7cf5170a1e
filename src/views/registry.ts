import { agreement } from './agreement.ts';
import { controllerDatabaseDisagreement } from './controller-database.ts';
import { drift } from './drift.ts';
import { placement } from './placement.ts';
import type { View } from './view.ts';

/** A view whose facts' type is forgotten: it is handed only the facts that it built itself. */
export type ErasedView = View<unknown>;

/** THE list of views. Its order is the order of families on the page, after those of the collectors. */
export const views = [
  placement,
  agreement,
  controllerDatabaseDisagreement,
  drift,
] as readonly unknown[] as readonly ErasedView[];
