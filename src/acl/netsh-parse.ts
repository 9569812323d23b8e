/**
 * Reads `netsh advfirewall` commands: rules that are added, and what all profiles do with the rest.
 * Rules for programs, services, interfaces or some profiles decide by more than the packet, and are
 * faults. Windows lets out what no rule blocks, until a profile says otherwise.
 */
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed } from './platform.ts';
import { wordsOf } from './shell-words.ts';
import { ruleOf, WindowsScript } from './windows-fields.ts';

const ADD = ['advfirewall', 'firewall', 'add', 'rule'];
const DELETE = ['advfirewall', 'firewall', 'delete', 'rule', 'name=all'];
const KEYS = new Set([
  ...['name', 'dir', 'action', 'protocol', 'localip', 'remoteip', 'localport', 'remoteport'],
  ...['profile', 'enable', 'description', 'edge', 'interfacetype', 'security', 'program'],
  ...['service'],
]);
/** Values with which these are as if they were not there. */
const HARMLESS: Readonly<Record<string, string>> = {
  profile: 'any',
  interfacetype: 'any',
  program: 'any',
  service: 'any',
  security: 'notrequired',
  edge: 'no',
};

export function parseNetsh(text: string): Parsed {
  const parser = new NetshParser();
  text.split('\n').forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  return parser.parsed();
}

class NetshParser extends WindowsScript {
  line(line: string, number: number): void {
    if (line === '' || /^(rem(\s|$)|::|@echo (on|off)$|#)/i.test(line)) return;
    guarded(this.faults, number, () => {
      // cmd.exe would put something else here, or begin another command.
      if (/[%^&|<>]/.test(line)) throw new LineFault('A character that cmd.exe acts upon.');
      const words = wordsOf(line.replaceAll('\\', '/'));
      if (words === undefined) throw new LineFault('A quote is not closed.');
      this.command(
        words.map((word) => word.trim()),
        number,
      );
    });
  }

  private command([program, ...given]: readonly string[], line: number): void {
    // In a script for `netsh -f` the program is not named.
    const words = /^netsh(\.exe)?$/i.test(program ?? '') ? given : [program ?? '', ...given];
    const begins = (with_: readonly string[]) =>
      with_.every((word, index) => words[index]?.toLowerCase() === word);
    if (begins(ADD)) this.add(words.slice(ADD.length), line);
    else if (begins(DELETE) && words.length === DELETE.length) {
      this.areOthersOff = true;
      this.rules.in = [];
      this.rules.out = [];
    } else if (begins(['advfirewall', 'set', 'allprofiles'])) {
      this.set(words.slice(3).map((word) => word.toLowerCase()));
    } else throw new LineFault(`“${words.slice(0, 4).join(' ')}” is not read.`);
  }

  private set([key, value, ...more]: readonly string[]): void {
    const policy = /^(block|allow|blockinboundalways)inbound,(block|allow)outbound$/.exec(
      value ?? '',
    );
    const isLog = key === 'logging' && more.length === 1;
    if (isLog && /^(dropped|allowed)connections$/.test(value ?? '')) {
      if (!/^(enable|disable|notconfigured)$/.test(more[0]!)) {
        throw new LineFault(`“${more[0]}” is not known here.`);
      }
    } else if (isLog && (value === 'filename' || value === 'maxfilesize')) {
      return;
    } else if (key === 'firewallpolicy' && policy !== null && more.length === 0) {
      this.otherwise.in = policy[1] === 'allow' ? 'accept' : 'drop';
      this.otherwise.out = policy[2] === 'allow' ? 'accept' : 'drop';
    } else if (key !== 'state' || value !== 'on' || more.length > 0) {
      throw new LineFault(`“${[key, value, ...more].join(' ')}” is not read.`);
    }
  }

  private add(words: readonly string[], line: number): void {
    const fields = new Map<string, string>();
    for (const word of words) {
      const equals = word.indexOf('=');
      const key = word.slice(0, Math.max(0, equals)).toLowerCase();
      if (!KEYS.has(key)) throw new LineFault(`“${word}” is not read in a rule.`);
      if (fields.has(key)) throw new LineFault(`“${key}” stands twice.`);
      fields.set(key, word.slice(equals + 1));
    }
    for (const [key, harmless] of Object.entries(HARMLESS)) {
      if ((fields.get(key) ?? harmless).toLowerCase() !== harmless) {
        throw new LineFault(`A rule with “${key}=${fields.get(key)}” is not read.`);
      }
    }
    const [dir, action] = [fields.get('dir')?.toLowerCase(), fields.get('action')?.toLowerCase()];
    if (dir !== 'in' && dir !== 'out') throw new LineFault('A rule has a “dir”, in or out.');
    if (action !== 'allow' && action !== 'block') {
      throw new LineFault('The “action” of a rule is allow or block.');
    }
    const enable = fields.get('enable')?.toLowerCase() ?? 'yes';
    if (enable !== 'yes' && enable !== 'no')
      throw new LineFault(`“enable=${enable}” is not known.`);
    const name = fields.get('name') ?? '';
    if (name === '' || name.toLowerCase() === 'all') throw new LineFault('A rule has a name.');
    const list = (key: string) => fields.get(key)?.split(',') ?? [];
    const { protocol, messages } = protocolOf(fields.get('protocol') ?? 'any');
    const made = ruleOf(
      {
        ...{ direction: dir, block: action === 'block', protocol, messages },
        ...{ local: list('localip'), remote: list('remoteip') },
        ...{ localPorts: list('localport'), remotePorts: list('remoteport') },
      },
      line,
      [name, fields.get('description') ?? ''].join(' ').trim(),
    );
    if (enable === 'yes') this.rules[dir].push(...made);
  }
}

/** `tcp`, `47`, `icmpv4:8,any`. */
function protocolOf(word: string): { protocol: string; messages: string[] } {
  const [protocol = '', message, ...more] = word.split(':');
  if (message === undefined) return { protocol, messages: [] };
  const [type = '', code, ...rest] = message.split(',');
  if (code === undefined || more.length + rest.length > 0) {
    throw new LineFault(`“${word}” is not a type and a code of ICMP.`);
  }
  if (/^any$/i.test(type)) {
    if (!/^any$/i.test(code)) throw new LineFault('An ICMP code stands without a type.');
    return { protocol, messages: [] };
  }
  return { protocol, messages: [`${type}:${code}`] };
}
