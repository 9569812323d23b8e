/**
 * The real ufw runs what is written for it, in namespaces of its own for network and mounts, and
 * what it then has in the kernel is compared with the policy over all packets.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { iptables } from '../../src/acl/iptables.ts';
import { ufw } from '../../src/acl/ufw.ts';
import { rangeOfPrefix } from '../../src/net/address-range.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { compareFilters } from '../../src/policy/compare.ts';
import { verdictSpaces } from '../../src/policy/evaluate.ts';
import type { Party, Policy, Rule } from '../../src/policy/intent.ts';
import { extentOf, type Plan, planFor } from '../../src/policy/plan.ts';
import { parseService } from '../../src/policy/service-text.ts';
import { describeLab, run } from './lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-ufw-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function party(...prefixes: string[]): Party {
  if (prefixes.length === 0) return { names: ['any'], addresses: undefined };
  return { names: prefixes, addresses: prefixes.map((text) => rangeOfPrefix(parsePrefix(text))) };
}

function rule(
  id: string,
  from: Party,
  to: Party,
  services: string[],
  action: Rule['action'],
): Rule {
  return {
    ...{ id, action, from, to, serviceNames: services, services: services.map(parseService) },
    ...{ unobserved: false, log: id === 'R1', because: "it's $(needed) `here`; # really" },
  };
}

const POLICY: Policy = {
  ...{ version: 1, name: 'lab', zones: [], groups: [], services: [], default: 'deny' },
  logDeniedPerSecond: 50,
  rules: [
    rule('D1', party('192.0.2.64/26'), party('198.51.100.20'), ['tcp/443'], 'deny'),
    rule('R1', party('192.0.2.0/24'), party('198.51.100.20'), ['tcp/443,8000-8010'], 'allow'),
    rule('R2', party(), party('2001:db8::20'), ['udp/53', 'gre'], 'allow'),
    rule('R3', party('198.51.100.20'), party(), ['tcp', 'udp/123'], 'allow'),
    rule('R4', party(), party(), ['tcp/22'], 'allow'),
  ],
};

/** What the kernel has after the script, as the rules of ufw's users and of neighbours alone. */
function loaded(plan: Plan): string {
  const { text } = ufw.render(plan);
  writeFileSync(join(folder, 'rules.sh'), text ?? '');
  writeFileSync(
    join(folder, 'all.sh'),
    [
      'set -e',
      'mount --make-rprivate /',
      ...['/etc/ufw', '/etc/default/ufw'].flatMap((path, index) => [
        `cp -a ${path} ${folder}/own${index}`,
        `mount --bind ${folder}/own${index} ${path}`,
      ]),
      `sh ${folder}/rules.sh > ${folder}/told 2>&1`,
      ...['', ' verbose', ' numbered'].map((way) => `ufw status${way} > '${folder}/status${way}'`),
      `iptables-save -t filter > ${folder}/v4`,
      `ip6tables-save -t filter > ${folder}/v6`,
      `rm -rf ${folder}/own0 || true`,
    ].join('\n'),
  );
  run('unshare', '--net', '--mount', 'sh', join(folder, 'all.sh'));
  const lines = ([4, 6] as const).flatMap((family) =>
    readFileSync(join(folder, `v${family}`), 'utf8')
      .split('\n')
      .flatMap((line) => kept(line, family)),
  );
  const hooks = plan.hosts === undefined ? ['FORWARD'] : ['INPUT', 'OUTPUT'];
  return [
    '*filter',
    ...hooks.map((hook) => `:${hook} DROP [0:0]`),
    ...hooks.map((hook) => `-A ${hook} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
    ...lines.filter((line) => hooks.some((hook) => line.startsWith(`-A ${hook} `))),
    'COMMIT',
    '',
  ].join('\n');
}

function kept(line: string, family: 4 | 6): string[] {
  const [, kind, hook, rest = ''] =
    /^-A ufw6?-(user|before)-(input|output|forward) (.*)$/.exec(line) ?? [];
  const chain = `-A ${hook?.toUpperCase()} -${family}`;
  if (kind === 'user') {
    // ufw has dropped what is invalid before, and logs in chains of its own.
    const first = rest.includes('-j ufw') ? '' : ' -m conntrack --ctstate NEW';
    return first === '' ? [] : [`${chain}${first} ${rest}`];
  }
  if (!rest.includes('icmp') && !/^-[io] lo -j ACCEPT$/.test(rest)) return [];
  // Asked of neighbours and listeners in addition: that they are no further than one hop.
  return [`${chain} ${rest.replace(/-m hl --hl-eq \d+ |-s fe80::\/10 /g, '')}`];
}

describeLab('ufw', ['ufw', 'unshare', 'mount', 'iptables-save'], () => {
  it.each([['a machine’s own rules', '198.51.100.20', '2001:db8::20'], ['what is forwarded']])(
    'does what was meant with %s',
    (_name, ...addresses) => {
      const hosts = { name: 'host', addresses: party(...addresses).addresses ?? [] };
      const plan = planFor(POLICY, {
        ...{ stateful: true, nowMs: 0 },
        ...(addresses.length === 0 ? {} : { hosts }),
      });
      const text = loaded(plan);
      const told = readFileSync(join(folder, 'told'), 'utf8');
      expect(told).not.toMatch(/ERROR|WARN|Skipping/);
      const { filter, faults } = iptables.parse(text);
      expect(faults, text).toEqual([]);
      const found = compareFilters(verdictSpaces(), plan.filter, filter, [], extentOf(plan));
      expect(found, text).toEqual([]);
      // What ufw says of itself is the same, apart from what the script changes in its files.
      const script = readFileSync(join(folder, 'rules.sh'), 'utf8');
      const own = ufw.parse(script.replace(/^sed .*$/m, ''));
      const hooks =
        addresses.length === 0 ? (['forward'] as const) : (['input', 'output'] as const);
      for (const way of ['', ' verbose', ' numbered']) {
        const status = readFileSync(join(folder, `status${way}`), 'utf8');
        const said = ufw.parse(status);
        expect(said.faults, status).toEqual([]);
        // Only verbose tells that nothing goes out by default.
        const asked = way === ' verbose' ? hooks : hooks.filter((hook) => hook !== 'output');
        const spaces = verdictSpaces();
        expect(
          compareFilters(spaces, own.filter, said.filter, [], { hooks: asked }),
          status,
        ).toEqual([]);
      }
    },
  );
});
