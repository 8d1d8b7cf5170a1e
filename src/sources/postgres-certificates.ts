import { SourceError } from '../errors.ts';
import { certificateFile } from './certificate-file.ts';
import type { DsnTls } from './dsn.ts';
import { FileProblem, watchedFile } from './watched-file.ts';

/** A chain of certificates, or a key. */
const maxPemBytes = 256 * 1024;

/** PEM texts that TLS needs. */
export interface Certificates {
  /** In place of the system's authorities. */
  readonly authorities?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/**
 * Reads the files that a connection string names, as far as its `sslmode` has a use for them.
 *
 * @throws {SourceError} `tls`, naming the file and its option.
 */
export async function readCertificates(tls: DsnTls, setting: string): Promise<Certificates> {
  const { mode, rootCertificate, certificate, key } = tls;
  if (mode === 'disable') return {};
  const isVerified = mode === 'verify-ca' || mode === 'verify-full';
  const root = isVerified && rootCertificate !== 'system' ? rootCertificate : undefined;
  return {
    ...(root === undefined
      ? {}
      : { authorities: await certificateFile(root, `sslrootcert in ${setting}`).read() }),
    ...(certificate === undefined
      ? {}
      : { certificate: await readPem(certificate, `sslcert in ${setting}`) }),
    ...(key === undefined ? {} : { key: await readPem(key, `sslkey in ${setting}`) }),
  };
}

async function readPem(path: string, option: string): Promise<string> {
  try {
    return await watchedFile(path, maxPemBytes, (text) => text).read();
  } catch (error) {
    if (error instanceof FileProblem)
      throw new SourceError('tls', `file ${path} (${option}) ${error.message}`);
    throw error;
  }
}
