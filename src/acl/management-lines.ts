/**
 * Who can still reach the filtering machine itself, at the head of a text. Where a host filters its
 * own packets that is for the rules to say: whether any of them lets in what hosts are managed by.
 */
import { TCP } from '../net/header-fields.ts';
import { containsPort } from '../net/port-range.ts';
import type { Plan } from '../policy/plan.ts';
import type { Platform } from './platform.ts';

/** ssh, Remote Desktop, WinRM. */
const MANAGED: readonly number[] = [22, 3389, 5985, 5986];

/** One or two lines. */
export function managementOf(
  { capabilities }: Pick<Platform, 'capabilities'>,
  { hosts, filter }: Plan,
): readonly string[] {
  if (hosts === undefined) return capabilities.management;
  const rules = filter.chains.flatMap(({ hook, rules: all }) => (hook === 'input' ? all : []));
  const open = MANAGED.flatMap((port) => {
    const rule = rules.find(
      ({ action, match }) =>
        action === 'accept' &&
        match.protocols?.some(({ first, last }) => first <= TCP && TCP <= last) === true &&
        (match.destinationPorts === undefined || containsPort(match.destinationPorts, port)),
    );
    return rule === undefined ? [] : [`tcp/${port}`];
  });
  if (open.length === 0) {
    return [
      'no rule lets in ssh, Remote Desktop or WinRM (tcp/22, 3389, 5985, 5986): whoever',
      'manages this machine over the network is locked out as soon as this is installed.',
    ];
  }
  return [`some may still come in by ${open.join(', ')}, as the rules say; nobody else manages it`];
}

/** `mark` begins a comment of the platform: `#`, `!`. */
export function managementLines(
  platform: Pick<Platform, 'capabilities'>,
  mark: string,
  plan: Plan,
): string[] {
  return managementOf(platform, plan).map(
    (line, index) => `${mark} ${index === 0 ? 'Manage:  ' : '         '} ${line}`,
  );
}
