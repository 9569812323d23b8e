/**
 * Windows Defender Firewall as netsh commands (`netsh advfirewall firewall add rule`), for
 * `netsh -f` or a batch file, where PowerShell's own commands are missing. A rule has one ICMP
 * message.
 */
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { Plan } from '../policy/plan.ts';
import { managementLines } from './management-lines.ts';
import { parseNetsh } from './netsh-parse.ts';
import { withWinningDenials } from './order-free.ts';
import type { Platform, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import { WINDOWS, type WindowsRule, windowsRules } from './windows-rules.ts';

/** cmd.exe takes 8191 characters in a line. */
const MOST_LINE = 8191;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [TCP]: 'TCP',
  [UDP]: 'UDP',
  [ICMP]: 'icmpv4',
  [ICMPV6]: 'icmpv6',
};

export const netsh: Platform = {
  name: 'netsh',
  aliases: ['windows-netsh', 'advfirewall'],
  title: 'Windows Defender Firewall (netsh)',
  capabilities: {
    ...WINDOWS,
    sources: [
      'Help text of netsh advfirewall firewall add rule (protocol=icmpv4:type,code; names other ' +
        'than “all”; ports with tcp and udp)',
    ],
  },
  render,
  parse: parseNetsh,
};

function render(asked: Plan): Rendered {
  const plan = withWinningDenials(asked) ?? asked;
  const { rules, refusals } = windowsRules(plan);
  if (refusals.length > 0) return { refusals };
  const lines = [...head(plan), ...rules.flatMap(ruleLines), ...ending(plan), ''];
  const long = lines.find((line) => line.length > MOST_LINE);
  if (long !== undefined) {
    const what = `A command is longer than ${MOST_LINE} characters.`;
    return { refusals: [{ what, instead: 'choose the platform windows, or fewer addresses' }] };
  }
  return { text: lines.join('\r\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `rem Policy ${plainText(plan.name, 80)} for Windows, written by Portreeve.`,
    'rem Everything that is not allowed is blocked, in both directions.',
    ...plan.remarks.map((remark) => `rem ${plainText(remark, 200)}`),
    'rem Needs:    no firewall rules by group policy. All rules of the machine are deleted.',
    ...managementLines(netsh, 'rem', plan),
    'rem Keep:     netsh advfirewall export C:\\before-portreeve.wfw',
    'rem Install:  as administrator, run this as a file .cmd',
    'rem Verify:   netsh advfirewall firewall show rule name=all verbose',
    'rem Go back:  netsh advfirewall import C:\\before-portreeve.wfw',
    'netsh advfirewall firewall delete rule name=all',
  ];
}

function ruleLines(rule: WindowsRule): string[] {
  const { direction, allow, protocol, local, remote, localPorts, remotePorts, messages } = rule;
  const list = (key: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [`${key}=${values.join(',')}`];
  const word = protocol === undefined ? 'any' : (PROTOCOL_WORD[protocol] ?? `${protocol}`);
  const protocols = messages?.map((message) => {
    const [type, code = 'any'] = message.split(':');
    return `${word}:${type},${code}`;
  });
  return (protocols ?? [word]).map((own) =>
    [
      `netsh advfirewall firewall add rule name="${batchText(rule.name)}" dir=${direction}`,
      `action=${allow ? 'allow' : 'block'} protocol=${own}`,
      ...list('localip', local),
      ...list('remoteip', remote),
      ...list('localport', localPorts),
      ...list('remoteport', remotePorts),
      `profile=any description="${batchText(rule.told)}"`,
    ].join(' '),
  );
}

/** Within double quotes cmd.exe still takes `%` for a variable; redirections are kept out as well. */
function batchText(text: string): string {
  return text.replaceAll('->', 'to').replace(/[<>%"^&|!]/g, '_');
}

function ending(plan: Plan): string[] {
  const logs = plan.filter.chains.some(({ rules }) => rules.at(-1)?.log !== undefined);
  const all = 'netsh advfirewall set allprofiles';
  return [
    `${all} logging droppedconnections ${logs ? 'enable' : 'disable'}`,
    `${all} firewallpolicy blockinbound,blockoutbound`,
    `${all} state on`,
  ];
}
