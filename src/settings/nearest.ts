import leven from 'leven';

/** Case, hyphens and underscores are the commonest slips; they cost nothing. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** The candidate a writer most likely meant, or undefined when none is near (more than two letters, and more than two in five, differ). */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(name).slice(0, 200);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = leven(wanted, plain(candidate));
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  if (best === undefined) return undefined;
  const length = Math.max(wanted.length, plain(best.candidate).length);
  const limit = Math.min(Math.max(2, Math.floor(length * 0.4)), length - 1);
  return best.distance <= limit ? best.candidate : undefined;
}
