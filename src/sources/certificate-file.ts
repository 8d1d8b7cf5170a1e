import { X509Certificate } from 'node:crypto';
import { SourceError } from '../errors.ts';
import { FileProblem, watchedFile } from './watched-file.ts';

/** System bundles are about 220 KiB. */
const maxBundleBytes = 4 * 1024 * 1024;
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificate authorities a target's certificate must come from, in PEM. */
export interface CertificateFile {
  /** Throws `SourceError('tls')` that names the file and its setting. */
  read(): Promise<string>;
}

/** A PEM bundle that takes the place of the system's authorities; read again when the file changes. */
export function certificateFile(path: string, setting: string): CertificateFile {
  const subject = `CA file ${path} (${setting})`;
  const file = watchedFile(path, maxBundleBytes, (text) => checkedBundle(text));
  return {
    async read() {
      try {
        return await file.read();
      } catch (error) {
        if (error instanceof FileProblem) throw new SourceError('tls', `${subject} ${error.message}`);
        throw error;
      }
    },
  };
}

/** OpenSSL skips what it cannot read without a word, and the only symptom would be an untrusted server. */
function checkedBundle(text: string): string {
  const blocks = text.match(pemBlock) ?? [];
  if (blocks.length === 0) throw new FileProblem('holds no PEM certificate');
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch {
      throw new FileProblem(`holds a damaged certificate (number ${index + 1} of ${blocks.length})`);
    }
  }
  return blocks.join('\n');
}
