/**
 * What `show access-list` of the ASA and `show access-lists` of IOS, IOS-XE and NX-OS print: the
 * entries of a list as configuration has them, with the number of hits the device counted (Cisco ASA
 * Series Command Reference, show access-list; IOS Security Command Reference, show ip access-lists
 * and show ipv6 access-list; Nexus 9000 Series Command Reference, show ip access-lists).
 *
 * Traps: the ASA prints an entry with object groups first as it was written and then, indented and
 * with the same number, once for each of its members; only the members can be read without the
 * groups, which are not in the text. IOS puts the number of an IPv6 entry behind it.
 */

/** One line in the words of configuration, empty where it decides nothing. */
export interface ListedLine {
  readonly text: string;
  /** Connections (ASA) or packets that the device counted. */
  readonly hits?: number;
}

const ASA_LISTING = /^[ \t]*access-list \S+(?:; \d+ elements?;| line \d+ .*\(hitcnt=\d+\))/m;
/** Heads of a list and of the cache of denied flows. */
const ASA_HEAD = /^(?:access-list (?:cached ACL log flows: |\S+; \d+ elements?;)|alert-interval )/;
const ASA_ENTRY = /^(\s*access-list \S+ )line (\d+) (.*)$/;
/** What stands behind an entry: its hits, its state, its hash. */
const ASA_END = /(?: \(hitcnt=(\d{1,15})\))?( \(inactive\))?(?: 0x[\da-f]+)?$/;

const ROUTER_HEAD = /^(?:(Extended|Standard) )?(IP|IPv6|IPV6) access list (\S+)(?: \(Compiled\))?$/;
const ROUTER_HITS = /(?:\((\d{1,15}) match(?:es)?\)|\[match=(\d{1,15})\])/;
const ROUTER_NUMBER_LAST = /^(.*) (sequence \d+)$/;

/** The command itself, where the session was copied. */
const PROMPT = /^[\w.()/-]+[#>] ?sh(?:o|ow)? /;

/** A text of the ASA line by line, in words of configuration where it is a listing. */
export function asaLines(text: string): ListedLine[] {
  const lines = text.split('\n');
  if (!ASA_LISTING.test(text)) return lines.map((line) => ({ text: line }));
  return lines.map((line, index) => {
    if (ASA_HEAD.test(line.trim()) || PROMPT.test(line)) return { text: '' };
    const [, head, number, entry] = ASA_ENTRY.exec(line.trimEnd()) ?? [];
    if (head === undefined || entry === undefined) return { text: line };
    // Its members follow.
    const next = ASA_ENTRY.exec(lines[index + 1] ?? '');
    const hasMembers = next?.[2] === number && next?.[1]?.trim() === head.trim();
    if (hasMembers && !head.startsWith(' ') && next?.[1]?.startsWith(' ')) return { text: '' };
    const [end = '', hits, inactive = ''] = ASA_END.exec(entry) ?? [];
    const asked = `${head}${entry.slice(0, entry.length - end.length)}`;
    return {
      text: `${asked}${inactive !== '' && !asked.endsWith(' inactive') ? ' inactive' : ''}`,
      ...(hits === undefined ? {} : { hits: Number(hits) }),
    };
  });
}

/** A line of a router's or switch's text in words of configuration. */
export function routerLine(line: string): ListedLine {
  if (PROMPT.test(line)) return { text: '' };
  const [head, kind, family, name] = ROUTER_HEAD.exec(line.trim()) ?? [];
  if (head !== undefined) {
    const word = family === 'IP' ? 'ip' : 'ipv6';
    return {
      text: `${word} access-list ${kind === undefined ? '' : `${kind.toLowerCase()} `}${name}`,
    };
  }
  const [found, matches, match] = ROUTER_HITS.exec(line) ?? [];
  const plain = found === undefined ? line : line.replace(found, '');
  const [, entry, number] = ROUTER_NUMBER_LAST.exec(plain.trim()) ?? [];
  const hits = matches ?? match;
  return {
    text: entry === undefined ? plain : `${number} ${entry}`,
    ...(hits === undefined ? {} : { hits: Number(hits) }),
  };
}
