import type { TenantState } from './state.ts';

/** Index of the first tenant whose id is not lower. */
export function placeInOrder(order: readonly TenantState[], id: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle]?.id ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
