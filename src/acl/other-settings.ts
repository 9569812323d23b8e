/**
 * What a device's whole configuration says beside the rules of its filter. Settings that are known to
 * decide nothing about what passes are passed over; those that may decide too are counted, so that an
 * answer can say what it does not weigh; any other is not understood. Nothing is passed over because
 * it is unknown.
 */
import type { Beside } from './platform.ts';

export interface KnownSettings {
  /** By their first word, or the first two: settings that let pass, drop and change no packet. */
  readonly harmless: ReadonlySet<string>;
  /** Those that may do so beside the rules. */
  readonly deciding: ReadonlySet<string>;
  /** First words after which the second must be known in blocks too: rules are bound by such lines. */
  readonly strict: ReadonlySet<string>;
  /** A banner may go on over lines until its delimiter comes again. */
  readonly hasLongBanners: boolean;
}

/** Lines that stand in no banner: one that holds them ended where nobody saw it. */
const NO_TEXT = /^(?:access-group|access-list|interface|ip access-list|ipv6 access-list) /;

/** Words of a table in a text, parted by blanks; an underscore stands for the blank in a pair. */
export function settingWords(text: string): ReadonlySet<string> {
  return new Set(
    text
      .trim()
      .split(/\s+/)
      .map((word) => word.replaceAll('_', ' ')),
  );
}

/** Counts what may decide beside the rules. */
export class BesideRules {
  private readonly counts = new Map<string, { line: number; lines: number }>();

  add(what: string, line: number, lines = 1): void {
    const known = this.counts.get(what);
    if (known === undefined) this.counts.set(what, { line, lines });
    else known.lines += lines;
  }

  /** In the order in which it was met. */
  list(): Beside[] {
    return [...this.counts].map(([what, { line, lines }]) => ({ what, line, lines }));
  }
}

/** Reads the lines that are no rules, of configurations whose blocks are shown by indentation. */
export class OtherSettings {
  private readonly known: KnownSettings;
  private readonly counts = new BesideRules();
  /** Whether indented lines belong to a setting that was passed over. */
  private isInside = false;
  /** Ends a banner of several lines. */
  private delimiter: string | undefined;
  private bannerAt = 0;

  constructor(known: KnownSettings) {
    this.known = known;
  }

  /** To be told of lines that others read: what is indented after them is theirs. */
  leave(): void {
    this.isInside = false;
  }

  /** Whether the line belongs to a banner that goes on; then it is no setting at all. */
  isText(raw: string): boolean {
    if (this.delimiter === undefined || NO_TEXT.test(raw)) return false;
    if (raw.includes(this.delimiter)) this.delimiter = undefined;
    return true;
  }

  /** Line of a banner that is not ended, or holds what is none of its text. */
  get openBanner(): number | undefined {
    return this.delimiter === undefined ? undefined : this.bannerAt;
  }

  /** Whether the line is passed over. */
  takes(raw: string, line: number): boolean {
    const all = raw.trim().split(/\s+/);
    const words = all[0] === 'no' || all[0] === 'default' ? all.slice(1) : all;
    const [first = '', second = ''] = words;
    const pair = `${first} ${second}`;
    const { deciding, harmless } = this.known;
    const isNo = words !== all;
    const found = deciding.has(pair) ? pair : deciding.has(first) ? first : undefined;
    const isOwn = found !== undefined || harmless.has(pair) || harmless.has(first);
    if (found !== undefined && !isNo) this.counts.add(found, line);
    if (/^\s/.test(raw) && this.isInside) {
      return found !== undefined || !this.known.strict.has(first) || harmless.has(pair);
    }
    this.isInside = isOwn;
    if (first === 'banner' && isOwn && this.known.hasLongBanners) this.beginText(raw, line);
    return isOwn;
  }

  /** `banner motd ^C…`: the text goes on until the delimiter comes again. */
  private beginText(raw: string, line: number): void {
    const [, delimiter, rest = ''] = /^\s*banner\s+\S+\s+(\^C|[^\sA-Za-z0-9])(.*)$/.exec(raw) ?? [];
    if (delimiter === undefined || rest.includes(delimiter)) return;
    this.delimiter = delimiter;
    this.bannerAt = line;
  }

  /** What may decide beside the rules, in the order in which it was met. */
  beside(): Beside[] {
    return this.counts.list();
  }
}
