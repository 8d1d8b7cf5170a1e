/**
 * A configuration that is refused: every problem found, one line each, as
 * `neonwatch.yaml:3:5 http.listen: expected …`, `environment NAME: …`, `flag --name: …`. No line holds a secret's value.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const lines = [...new Set(problems)];
    super(lines.join('\n'));
    this.problems = lines;
  }
}
