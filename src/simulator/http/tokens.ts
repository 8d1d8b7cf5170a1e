import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { errorAnswer, type HttpAnswer } from './answer.ts';
import type { Allowed } from './router.ts';

/** A token as Neon signs it: EdDSA over header and claims. */
export interface Claims {
  readonly scope?: string;
  readonly tenant_id?: string;
  /** Of compute_ctl's tokens: whose it is, or whom it is for. */
  readonly compute_id?: string;
  readonly aud?: readonly string[];
  /** Seconds since the Unix epoch. */
  readonly exp?: number;
}

/** Signs and checks the tokens of one simulated cluster. */
export interface TokenKeys {
  issue(claims: Claims): string;
  /**
   * What is answered instead when `header` does not carry a token that is good here, else its claims.
   *
   * @param nowMs of the world
   */
  check(header: string | undefined, nowMs: number): Claims | HttpAnswer;
}

const missing = errorAnswer(401, 'Unauthorized: missing authorization header');
const malformed = errorAnswer(401, 'Unauthorized: malformed authorization header');
const forbidden = errorAnswer(403, 'Forbidden: JWT authentication error');

/** PKCS#8 of an Ed25519 key is this and 32 bytes. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyPair(secret: Buffer): { readonly own: KeyObject; readonly public: KeyObject } {
  const key = Buffer.concat([pkcs8Prefix, secret.subarray(0, 32)]);
  const own = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { own, public: createPublicKey(own) };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function claimsIn(token: string, key: KeyObject): Claims | undefined {
  const [header, claims, signature, ...more] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    return undefined;
  }
  const signed = Buffer.from(`${header}.${claims}`);
  if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) return undefined;
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims;
}

/** @param secret 32 bytes; the same secret accepts the same tokens */
export function tokenKeys(secret: Buffer): TokenKeys {
  const keys = keyPair(secret);
  return {
    issue(claims) {
      const signed = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`;
      return `${signed}.${sign(null, Buffer.from(signed), keys.own).toString('base64url')}`;
    },
    check(header, nowMs) {
      if (header === undefined) return missing;
      if (!header.startsWith('Bearer ')) return malformed;
      const claims = claimsIn(header.slice('Bearer '.length), keys.public);
      if (claims === undefined || (claims.exp ?? Number.POSITIVE_INFINITY) * 1_000 < nowMs) return forbidden;
      return claims;
    },
  };
}

/**
 * Whether a token of that scope may ask a route; undefined when it may. A tenant's token is good for what names that
 * tenant, where scope `tenant` is allowed.
 */
export function scopeRefusal(allowed: Allowed, claims: Claims, path: string): HttpAnswer | undefined {
  if (typeof allowed === 'string') return undefined;
  const isAllowed =
    claims.scope === 'tenant'
      ? allowed.includes('tenant') && path.split(/[/-]/).includes(claims.tenant_id ?? '-')
      : allowed.includes(claims.scope ?? '');
  return isAllowed ? undefined : forbidden;
}
