import type { Scene } from '../scene.ts';

/** What a fault that has begun has to say. */
export interface Began {
  /** For the narrator's line: `pageserver 2 was killed`. */
  readonly story: string;
  /** What stands for `%name%` in the expressions to watch. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Something that goes wrong in the demo, and where one sees it. */
export interface DemoFault {
  /** What `--fault` calls it. */
  readonly name: string;
  /** For `--list`, in one line: what happens, and what it would mean on a real cluster. */
  readonly about: string;
  /**
   * What to look at: all of these hold together while the fault is there, and do not before and after.
   * See watch-expression.ts for what may be written.
   */
  readonly watch: readonly string[];
  /** Breaks it. */
  begin(scene: Scene): Promise<Began>;
  /** Puts it right, as an operator would. Also called when `begin` failed half-way. */
  end(scene: Scene): Promise<void>;
}
