/** What `bench/policy.mjs` times; see there. */
import { nftables } from '../src/acl/nftables.ts';
import type { HeaderMatch } from '../src/net/header-match.ts';
import { compareFilters } from '../src/policy/compare.ts';
import { acceptedBy, verdictSpaces } from '../src/policy/evaluate.ts';
import type { Filter, FilterRule } from '../src/policy/filter.ts';
import type { Plan } from '../src/policy/plan.ts';
import { diceOf } from '../test/builders/policy.ts';

const PORTS = [22, 25, 53, 80, 88, 135, 389, 443, 445, 636, 1433, 3306, 3389, 5432, 8080, 9100];

function hostRules(count: number): FilterRule[] {
  const dice = diceOf(1);
  const host = () => 0x0a000000 + dice(20_000);
  return Array.from({ length: count }, (_, index) => {
    const [source, destination] = [host(), host()];
    const match: HeaderMatch = {
      states: ['new'],
      family: 4,
      source: [{ family: 4, first: [source], last: [source] }],
      destination: [{ family: 4, first: [destination], last: [destination] }],
      protocols: [{ first: 6, last: 6 }],
      destinationPorts: [{ first: PORTS[dice(16)]!, last: 65_535 }].map(({ first }) => ({
        first,
        last: first,
      })),
    };
    const action = dice(10) === 0 ? 'drop' : 'accept';
    return { action, match, id: `R${index}`, comment: 'generated', line: 0 };
  });
}

function timed<T>(what: string, run: () => T): T {
  const start = performance.now();
  const value = run();
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  console.log(`${what.padEnd(48)} ${Math.round(performance.now() - start)} ms, ${megabytes} MiB`);
  return value;
}

/** `count` rules between 20,000 hosts, a tenth of them drops. */
export function main(count: number): void {
  const rules = hostRules(count);
  const chain = { name: 'forward', hook: 'forward', otherwise: 'drop', line: 0, rules } as const;
  const filter: Filter = { chains: [chain] };
  const spaces = verdictSpaces();
  const vantage = { hook: 'forward' } as const;
  timed(`${count} rules into header space`, () => acceptedBy(spaces, filter, vantage));
  console.log(`  ${spaces.size} nodes`);
  const plan: Plan = {
    name: 'bench',
    stateful: true,
    zones: [],
    groups: [],
    filter,
    remarks: [],
  };
  const text = timed('rendered for nftables', () => nftables.render(plan).text ?? '');
  console.log(`  ${(text.length / 1e6).toFixed(1)} MB`);
  const parsed = timed('read back', () => nftables.parse(text));
  const differences = timed('compared', () =>
    compareFilters(verdictSpaces(), filter, parsed.filter, []),
  );
  console.log(`  ${parsed.faults.length} faults, ${differences.length} differences`);
}
