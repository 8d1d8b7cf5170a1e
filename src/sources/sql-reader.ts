/** Why a part of a server could not be looked at although nothing failed. A closed set: it is a metric label. */
export const partSkipReasons = [
  'disabled',
  'no_extension',
  'no_object',
  'no_privilege',
  'not_neon',
  'pooled',
  'suspended',
  'unsupported_version',
  'in_recovery',
  'timeout',
  'malformed',
  'too_large',
] as const;
export type PartSkipReason = (typeof partSkipReasons)[number];
