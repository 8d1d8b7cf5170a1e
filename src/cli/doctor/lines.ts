/** A line of text is cut to words at this width where the terminal does not say another. */
const defaultWidth = 100;
const leastWidth = 40;

/** How a report is set. */
export interface Setting {
  /** Columns; undefined where nobody looks at a screen. */
  readonly width: number | undefined;
  readonly isColoured: boolean;
}

const colours = { critical: '31;1', warning: '33;1', info: '36', well: '32', dim: '2' } as const;
export type Colour = keyof typeof colours;

/** Text in a colour, where colours are wanted. */
export function coloured(text: string, colour: Colour, { isColoured }: Setting): string {
  return isColoured ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
}

/** Text in lines of the width, each indented; a word longer than a line stays whole, so that it can be copied. */
export function wrapped(text: string, indent: number, { width = defaultWidth }: Setting, hang = 0): string[] {
  const room = Math.max(width, leastWidth) - indent;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const space = lines.length > 0 ? room - hang : room;
    if (line !== '' && line.length + 1 + word.length > space) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((one, at) => `${' '.repeat(indent + (at > 0 ? hang : 0))}${one}`);
}

/** `2 s`, `5 min`, `3 h`, `4 days`: how long, for people. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A value with its unit: bytes and seconds as people read them, everything else as it is. */
export function valueText(value: string | number, unit: string | undefined): string {
  if (typeof value === 'number' && unit === 'seconds') return spanText(value * 1_000);
  if (typeof value === 'number' && unit === 'bytes') return bytesText(value);
  const text = typeof value === 'number' ? String(Math.round(value * 1_000) / 1_000) : value;
  return unit === undefined ? text : `${text} ${unit}`;
}

function bytesText(bytes: number): string {
  const power = Math.min(binary.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${binary[power]}`;
}

/** `1 look`, `3 looks`, `2 kinds of findings`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
