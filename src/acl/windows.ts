/**
 * Windows Defender Firewall as a PowerShell script (module NetSecurity of Windows 8, Server 2012 and
 * later). The script makes its own rules, turns off all others of the machine, and blocks what no
 * rule allows, in both directions; group policies stay above it.
 */
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { Plan } from '../policy/plan.ts';
import { managementLines } from './management-lines.ts';
import { withWinningDenials } from './order-free.ts';
import type { Platform, Rendered } from './platform.ts';
import { parsePowershell } from './powershell-parse.ts';
import { plainText } from './safe-text.ts';
import { WINDOWS, type WindowsRule, windowsRules } from './windows-rules.ts';

const GROUP = 'Portreeve';
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [TCP]: 'TCP',
  [UDP]: 'UDP',
  [ICMP]: 'ICMPv4',
  [ICMPV6]: 'ICMPv6',
};

export const windows: Platform = {
  name: 'windows',
  aliases: ['powershell', 'windows-powershell'],
  title: 'Windows Defender Firewall (PowerShell)',
  capabilities: {
    ...WINDOWS,
    sources: [
      'learn.microsoft.com: NetSecurity module, New-NetFirewallRule, Set-NetFirewallProfile',
      'learn.microsoft.com: INetFwRule::put_IcmpTypesAndCodes',
    ],
  },
  render,
  parse: parsePowershell,
};

function render(asked: Plan): Rendered {
  const plan = withWinningDenials(asked) ?? asked;
  const { rules, refusals } = windowsRules(plan);
  if (refusals.length > 0) return { refusals };
  const lines = [...head(plan), ...rules.map(ruleLine), ...ending(plan), ''];
  return { text: lines.join('\r\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for Windows, written by Portreeve.`,
    '# Everything that is not allowed is blocked, in both directions.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    Windows 8 or Server 2012; no firewall rules by group policy.',
    ...managementLines(windows, '#', plan),
    '# Keep:     netsh advfirewall export C:\\before-portreeve.wfw',
    '# Install:  as administrator: powershell -ExecutionPolicy Bypass -File THIS-FILE.ps1',
    '#           To try it, first have it undone by itself in five minutes:',
    "#           schtasks /create /tn undo /sc once /st HH:MM /ru SYSTEM /tr 'netsh advfirewall",
    "#           import C:\\before-portreeve.wfw' and delete the task once all is well",
    `# Verify:   Get-NetFirewallRule -Group ${GROUP}; Get-NetFirewallProfile`,
    '# Go back:  netsh advfirewall import C:\\before-portreeve.wfw',
  ];
}

function ruleLine(rule: WindowsRule): string {
  const { direction, allow, protocol, local, remote, localPorts, remotePorts, messages } = rule;
  const list = (name: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [`-${name} ${values.join(',')}`];
  return [
    `New-NetFirewallRule -DisplayName '${quoted(rule.name)}' -Group '${GROUP}'`,
    `-Direction ${direction === 'in' ? 'Inbound' : 'Outbound'}`,
    `-Action ${allow ? 'Allow' : 'Block'}`,
    ...(protocol === undefined ? [] : [`-Protocol ${PROTOCOL_WORD[protocol] ?? protocol}`]),
    ...list('LocalAddress', local),
    ...list('RemoteAddress', remote),
    ...list('LocalPort', localPorts),
    ...list('RemotePort', remotePorts),
    ...list('IcmpType', messages),
    '-Profile Any',
    `-Description '${quoted(rule.told)}'`,
  ].join(' ');
}

/** Fit for single quotes, in which PowerShell takes nothing for syntax but the quote itself. */
function quoted(text: string): string {
  return text.replaceAll("'", "''");
}

function ending(plan: Plan): string[] {
  const logs = plan.filter.chains.some(({ rules }) => rules.at(-1)?.log !== undefined);
  return [
    `Get-NetFirewallRule | Where-Object Group -ne '${GROUP}' | Disable-NetFirewallRule`,
    [
      'Set-NetFirewallProfile -Profile Domain,Private,Public -Enabled True',
      '-DefaultInboundAction Block -DefaultOutboundAction Block',
      `-LogBlocked ${logs ? 'True' : 'False'} -LogMaxSizeKilobytes 16384`,
    ].join(' '),
  ];
}
