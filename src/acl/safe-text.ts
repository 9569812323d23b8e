/**
 * Text of people's and of captures' making, made fit for the places where platforms take free
 * text: comments, log prefixes, names. What could end the place (quotes, line ends, control octets)
 * or be taken for something else is replaced, never escaped: escaping rules differ too much.
 */

/**
 * Letters, digits, blanks and harmless punctuation of ASCII; anything else becomes `_`. At most
 * `most` characters, without blanks at either end.
 */
export function plainText(text: string, most: number): string {
  return text
    .replace(/[^A-Za-z0-9 .,:/@+=<>()_-]/g, '_')
    .slice(0, most)
    .trim();
}

/** The same for platforms that refuse `<` and `>` in text; an arrow becomes “to”. */
export function textWithoutAngles(text: string, most: number): string {
  return plainText(text.replaceAll('->', 'to'), most).replace(/[<>]/g, '_');
}

/** Whether Linux can call an interface so, and no syntax can take it for something else. */
export function isInterfaceName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,14}$/.test(name);
}

/**
 * Gives every name of a plan a word of the platform: a letter, then letters, digits and `_`. Two
 * names never share a word, and a name always gets the same one as long as it is asked in order.
 */
export class Words {
  private readonly given = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly prefix: string;
  private readonly most: number;

  /** `prefix` keeps words apart from the platform's keywords; `most` is the longest word. */
  constructor(prefix: string, most: number) {
    this.prefix = prefix;
    this.most = most;
  }

  wordFor(name: string): string {
    const known = this.given.get(name);
    if (known !== undefined) return known;
    const stem = `${this.prefix}${name.replace(/[^A-Za-z0-9_]/g, '_')}`.slice(0, this.most);
    let word = stem;
    // Case does not tell words apart everywhere.
    for (let count = 2; this.taken.has(word.toLowerCase()); count++) {
      const ending = `_${count}`;
      word = stem.slice(0, this.most - ending.length) + ending;
    }
    this.given.set(name, word);
    this.taken.add(word.toLowerCase());
    return word;
  }
}
