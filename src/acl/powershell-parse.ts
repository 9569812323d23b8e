/**
 * Reads PowerShell commands that make Windows firewall rules: `New-NetFirewallRule` and
 * `Set-NetFirewallProfile`, with lists, quotes, comments and continued lines. Rules for programs,
 * services, users, interfaces or some profiles decide by more than the packet, and are faults; so
 * is everything that PowerShell would compute. Windows lets out what no rule blocks, until a
 * profile says otherwise.
 */
import type { FilterRule } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed } from './platform.ts';
import { ruleOf, WindowsScript } from './windows-fields.ts';

/** A word with whether it was quoted; `,` and `|` are words of their own. */
interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** Parameters that change nothing about which packets a rule is for. */
const FREE = new Set(['name', 'displayname', 'description', 'group', 'policystore']);
const RULE = new Set([
  ...['direction', 'action', 'enabled', 'profile', 'protocol', 'localaddress', 'remoteaddress'],
  ...['localport', 'remoteport', 'icmptype', 'edgetraversalpolicy'],
]);
/** Parameters that may say “any”, and are then as if they were not there. */
const ONLY_ANY = new Set([
  ...['program', 'service', 'interfacealias', 'interfacetype', 'localuser', 'remoteuser'],
  ...['remotemachine', 'package', 'dynamictarget', 'owner'],
]);
const PROFILE = new Set([
  ...['profile', 'name', 'enabled', 'defaultinboundaction', 'defaultoutboundaction', 'all'],
  ...['logblocked', 'logallowed', 'logfilename', 'logmaxsizekilobytes', 'logignored'],
  ...['notifyonlisten', 'allowunicastresponsetomulticast'],
]);
/** The one pipeline there is: everything but one group is turned off. */
const OTHERS_OFF =
  /^Get-NetFirewallRule \| Where-Object Group -ne '([^']*)' \| Disable-NetFirewallRule$/i;

export function parsePowershell(text: string): Parsed {
  const parser = new ScriptParser();
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const start = index;
    let line = lines[index]!.trimEnd();
    // A backtick at the end continues the line.
    while (/(?:^|\s)`$/.test(line) && index + 1 < lines.length) {
      line = `${line.slice(0, -1)}${lines[++index]!.trimEnd()}`;
    }
    parser.line(line.trim(), start + 1);
  }
  return parser.parsed();
}

class ScriptParser extends WindowsScript {
  private readonly groups = new Map<FilterRule, string>();

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    const [, kept] = OTHERS_OFF.exec(line) ?? [];
    if (kept !== undefined) return this.keepOnly(kept.toLowerCase());
    guarded(this.faults, number, () => {
      const [command, ...words] = wordsOf(line);
      if (command === undefined) return;
      const name = command.text.toLowerCase();
      if (command.quoted) throw new LineFault(`“${command.text}” is not a command.`);
      if (name === 'new-netfirewallrule') this.rule(parametersOf(words), number);
      else if (name === 'set-netfirewallprofile') this.profile(parametersOf(words));
      else if (name !== 'import-module' || words[0]?.text.toLowerCase() !== 'netsecurity') {
        throw new LineFault(`“${command.text}” is not read.`);
      } else if (words.length > 1) throw new LineFault(`“${words[1]!.text}” is not known here.`);
    });
  }

  /** Turns off all rules so far that are not of the group. */
  private keepOnly(group: string): void {
    this.areOthersOff = true;
    for (const side of ['in', 'out'] as const) {
      this.rules[side] = this.rules[side].filter((rule) => this.groups.get(rule) === group);
    }
  }

  private rule(parameters: ReadonlyMap<string, readonly string[]>, line: number): void {
    for (const [key, values] of parameters) {
      if (ONLY_ANY.has(key)) {
        if (!values.every((value) => /^any$/i.test(value))) {
          throw new LineFault(`A rule by “-${key}” is not read.`);
        }
      } else if (!RULE.has(key) && !FREE.has(key)) throw new LineFault(`“-${key}” is not read.`);
    }
    const one = (key: string, otherwise: string): string => {
      const values = parameters.get(key) ?? [otherwise];
      if (values.length !== 1) throw new LineFault(`“-${key}” has one value.`);
      return values[0]!;
    };
    const name = one('displayname', '');
    if (name === '') throw new LineFault('A rule has a “-DisplayName”.');
    if (!/^any$/i.test(parameters.get('profile')?.join(',') ?? 'any')) {
      throw new LineFault('A rule for some profiles alone is not read.');
    }
    if (!/^block$/i.test(one('edgetraversalpolicy', 'block'))) {
      throw new LineFault('A rule for edge traversal is not read.');
    }
    const [direction, action] = [one('direction', 'inbound'), one('action', 'allow')];
    if (!/^(in|out)bound$/i.test(direction)) throw new LineFault(`“${direction}” is no direction.`);
    if (!/^(allow|block)$/i.test(action)) throw new LineFault(`“${action}” is not an action.`);
    const side = /^in/i.test(direction) ? 'in' : 'out';
    const made = ruleOf(
      {
        direction: side,
        block: /^block$/i.test(action),
        protocol: one('protocol', 'any'),
        local: parameters.get('localaddress') ?? [],
        remote: parameters.get('remoteaddress') ?? [],
        localPorts: parameters.get('localport') ?? [],
        remotePorts: parameters.get('remoteport') ?? [],
        messages: parameters.get('icmptype') ?? [],
      },
      line,
      [name, ...(parameters.get('description') ?? [])].join(' '),
    );
    if (!truth(one('enabled', 'true'))) return;
    this.rules[side].push(...made);
    for (const rule of made) this.groups.set(rule, one('group', '').toLowerCase());
  }

  private profile(parameters: ReadonlyMap<string, readonly string[]>): void {
    for (const key of parameters.keys()) {
      if (!PROFILE.has(key)) throw new LineFault(`“-${key}” is not read.`);
    }
    const named = parameters.get('profile') ?? parameters.get('name');
    const all = parameters.has('all') || /^(any|\*)$/i.test(named?.join() ?? '');
    const three = ['domain', 'private', 'public'];
    const given = named
      ?.map((word) => word.toLowerCase())
      .sort()
      .join();
    if (!all && given !== three.join()) {
      throw new LineFault('Only settings of all three profiles are read.');
    }
    for (const value of parameters.get('enabled') ?? ['true']) {
      if (!truth(value)) throw new LineFault('The firewall is turned off.');
    }
    for (const [key, direction, usual] of [
      ['defaultinboundaction', 'in', 'drop'],
      ['defaultoutboundaction', 'out', 'accept'],
    ] as const) {
      const [value, ...more] = parameters.get(key) ?? [];
      if (value === undefined) continue;
      if (more.length > 0 || !/^(allow|block|notconfigured)$/i.test(value)) {
        throw new LineFault(`“${value}” is not a default.`);
      }
      const verdict = /^allow$/i.test(value) ? 'accept' : 'drop';
      this.otherwise[direction] = /^notconfigured$/i.test(value) ? usual : verdict;
    }
  }
}

function truth(word: string): boolean {
  if (/^(\$?true)$/i.test(word)) return true;
  if (/^(\$?false)$/i.test(word)) return false;
  throw new LineFault(`“${word}” is neither True nor False.`);
}

/** Quotes, commas, and a comment at the end; what PowerShell would compute is a fault. */
function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  const pattern =
    /\s+|#.*|,|'((?:[^']|'')*)'|"((?:[^"`$]|`.)*)"|(?:\$(?:true|false)\b)|[^\s'",#$`@(){};|&<>]+/giy;
  for (let at = 0; at < line.length; ) {
    pattern.lastIndex = at;
    const found = pattern.exec(line);
    if (found === null) throw new LineFault(`“${line.slice(at, at + 20)}” is not read.`);
    const [text, single, double] = found;
    const before = line[at - 1] ?? ' ';
    at += text.length;
    if (/^\s/.test(text)) continue;
    // Within a word neither a quote nor a comment begins.
    if (text !== ',' && !/[\s,]/.test(before)) throw new LineFault(`“${text}” is not read here.`);
    if (text.startsWith('#')) break;
    if (single !== undefined) words.push({ text: single.replaceAll("''", "'"), quoted: true });
    else if (double !== undefined) {
      words.push({ text: double.replace(/`(.)/g, '$1'), quoted: true });
    } else words.push({ text, quoted: false });
  }
  return words;
}

/** `-Name value, value`; names in lower case. A name without a value is a switch. */
function parametersOf(words: readonly Word[]): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (let at = 0; at < words.length; ) {
    const { text, quoted } = words[at++]!;
    if (quoted || !/^-[a-z]+$/i.test(text)) throw new LineFault(`“${text}” is not known here.`);
    const key = text.slice(1).toLowerCase();
    if (parameters.has(key)) throw new LineFault(`“${text}” stands twice.`);
    const values: string[] = [];
    const isValue = (word: Word | undefined) =>
      word !== undefined && (word.quoted || !/^(-[a-z]|,)/i.test(word.text));
    if (isValue(words[at])) {
      values.push(words[at++]!.text);
      while (words[at]?.text === ',' && !words[at]!.quoted) {
        if (!isValue(words[at + 1])) throw new LineFault('A list ends with a comma.');
        values.push(words[at + 1]!.text);
        at += 2;
      }
    }
    if (values.length === 0 && key !== 'all') throw new LineFault(`“${text}” has no value.`);
    parameters.set(key, values);
  }
  return parameters;
}
