/**
 * Where rules of RouterOS's NAT lead packets, for rules of the filter that ask whether a connection
 * had its destination translated: they see it as it is afterwards (RouterOS documentation, "NAT",
 * "Packet Flow in RouterOS").
 */
import { LineFault } from './line-fault.ts';
import type { MatchBuilder } from './match-builder.ts';
import { Conditions, portsOf, type Surroundings } from './mikrotik-conditions.ts';
import { rangeOf } from './mikrotik-lists.ts';
import type { Values } from './mikrotik-text.ts';

/** A rule that translates destinations. */
interface Translation {
  readonly values: Values;
  /** To the device itself. */
  readonly isRedirect: boolean;
}

export class Translations {
  private readonly list: Translation[] = [];
  /** Whether the text says anything of NAT. */
  isTold = false;

  add(values: Values): void {
    this.isTold = true;
    if (values.flag('disabled')) return;
    const action = values.get('action') ?? 'accept';
    const isSource = values.get('chain') === 'srcnat';
    if (action === 'redirect') this.list.push({ values, isRedirect: true });
    else if (action === 'dst-nat' || (/^(?:netmap|same)$/.test(action) && !isSource)) {
      this.list.push({ values, isRedirect: false });
    }
  }

  /** Narrowings of a match, one of which holds for each packet that was led to `chain` of the filter. */
  leadTo(chain: string, around: Surroundings): readonly ((match: MatchBuilder) => void)[] {
    const isBuiltIn = chain === 'forward' || chain === 'input' || chain === 'output';
    return this.list.flatMap(({ values, isRedirect }) => {
      if (isRedirect && !isBuiltIn) {
        throw new LineFault(
          'Whether “redirect” of NAT leads here depends on the way to this chain.',
        );
      }
      if (isRedirect && chain !== 'input') return [];
      return [(match: MatchBuilder) => narrow(match, values, around)];
    });
  }
}

/**
 * To what a packet can be once translated. Conditions that are not read only make it more, as is said
 * with the answer.
 */
function narrow(match: MatchBuilder, values: Values, around: Surroundings): void {
  const conditions = new Conditions(values, around, match);
  attempt(() => conditions.interfaces('in'));
  attempt(() => onlyFixed(values, around, 'src') && conditions.side('src'));
  let protocol: number | undefined;
  attempt(() => {
    protocol = conditions.protocol();
  });
  const to = values.get('to-addresses');
  if (to !== undefined) {
    match.addresses('destination', [rangeOf(to, around.family)], false, [around.family]);
  } else attempt(() => onlyFixed(values, around, 'dst') && conditions.side('dst'));
  const ports = values.get('to-ports') ?? values.get('dst-port');
  if (protocol !== undefined && ports !== undefined && !ports.startsWith('!')) {
    match.ports('destinationPorts', portsOf(ports));
  }
}

/** Whether the list asked for on that side holds what the text says and nothing else. */
function onlyFixed(values: Values, { addresses, family }: Surroundings, key: 'src' | 'dst') {
  const list = values.negatable(`${key}-address-list`);
  return list === undefined || addresses.addresses(family, list.value).mayGrow === undefined;
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
  }
}
