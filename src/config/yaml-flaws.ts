import type { ErrorCode } from 'yaml';

/**
 * What the YAML parser's errors mean, in our words: its own messages repeat pieces of the source, which may be secrets.
 */
const sentences: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'an alias (*name) without its anchor; quote the text when it only begins with *',
  BAD_DIRECTIVE: 'a line that begins with % is a directive; quote the text',
  BAD_DQ_ESCAPE: 'an escape that YAML does not know in a text in double quotes',
  BAD_INDENT: 'wrong indentation, or a bracket before it that is not closed',
  BAD_SCALAR_START: 'a text that begins with @, ` or another reserved sign must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a map cannot begin in the middle of a line; quote a text that contains ": "',
  BLOCK_IN_FLOW: 'a block cannot stand within brackets; quote a text that contains ": "',
  DUPLICATE_KEY: 'this key is written twice',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, colon or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; perhaps a colon is missing',
  MULTIPLE_DOCS: 'a second document begins; one file holds one configuration',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) that is not known; quote the text when it only begins with !',
  UNEXPECTED_TOKEN: 'something unexpected; perhaps a text needs quotes',
};

/** One sentence about a YAML error; never a piece of the file. */
export function yamlFlaw(code: ErrorCode): string {
  return sentences[code] ?? 'not YAML; perhaps a text needs quotes';
}
