/** The words of a filter: what each asks of a flow, and of a packet where a packet can tell. */

import { connectionState } from '../../flow/connection-state.ts';
import { CLIENT_IS_B } from '../../flow/decision.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { PrefixTable } from '../../net/prefix-table.ts';
import type { FlowFacts } from '../flow-facts.ts';
import { FilterError, type Term } from './parse.ts';
import { port, service } from './port-terms.ts';
import {
  type FilterWorld,
  type FlowRow,
  type FlowTest,
  PROTOCOLS,
  type Tests,
} from './row-tests.ts';

interface Word {
  readonly signs: 'values' | 'amount';
  readonly make: (term: Term, world: FilterWorld) => Tests;
}

const STATES = 'S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH'.split(' ');
/** In the order of `OUTCOMES`. */
const STATUSES = [
  ['answered'],
  ['answered'],
  ['likely'],
  ['group'],
  ['logged'],
  ['refused'],
  ['denied'],
  ['tried', 'unanswered'],
  ['backscatter'],
  ['unknown'],
  ['portless'],
];
/** Plain words for the built-in zones. */
const ZONE_WORDS: Readonly<Record<string, string>> = { outside: 'out', inside: 'in' };

export const WORDS: Readonly<Record<string, Word>> = {
  port: { signs: 'values', make: port },
  service: { signs: 'values', make: service },
  proto: { signs: 'values', make: proto },
  host: { signs: 'values', make: (term, world) => host(term, world, 'either') },
  client: { signs: 'values', make: (term, world) => host(term, world, 'client') },
  server: { signs: 'values', make: (term, world) => host(term, world, 'server') },
  zone: { signs: 'values', make: (term, world) => zone(term, world, 'either') },
  'client-zone': { signs: 'values', make: (term, world) => zone(term, world, 'client') },
  'server-zone': { signs: 'values', make: (term, world) => zone(term, world, 'server') },
  state: { signs: 'values', make: state },
  status: { signs: 'values', make: status },
  bytes: {
    signs: 'amount',
    make: (term) => amount(term, SIZES, (flow) => flow.bytesToServer + flow.bytesToClient),
  },
  packets: {
    signs: 'amount',
    make: (term) => amount(term, SIZES, (flow) => flow.packetsToServer + flow.packetsToClient),
  },
  duration: {
    signs: 'amount',
    make: (term) => amount(term, TIMES, (flow) => flow.lastMs - flow.firstMs),
  },
};

/** The tests of a term. Throws `FilterError`. */
export function testsOf(term: Term, world: FilterWorld): Tests {
  const word = WORDS[term.word.text];
  if (word === undefined) {
    throw new FilterError(`there is no word “${term.word.text}”`, term.word, Object.keys(WORDS));
  }
  const { text } = term.word;
  if (word.signs === 'values' && term.sign !== ':') {
    throw new FilterError(`${text} takes a colon: ${text}:${term.values[0]!.text}`, term.word);
  }
  if (word.signs === 'amount' && term.sign === ':') {
    throw new FilterError(`${text} is compared: ${text}>${term.values[0]!.text}`, term.word);
  }
  return word.make(term, world);
}

function proto(term: Term): Tests {
  const wanted = new Set(
    term.values.map((value) => {
      const number = PROTOCOLS[value.text.toLowerCase()];
      if (number === undefined && !/^\d{1,3}$/.test(value.text)) {
        const names = Object.keys(PROTOCOLS);
        throw new FilterError(`there is no protocol “${value.text}”`, value, names);
      }
      return number ?? Number(value.text);
    }),
  );
  return {
    flow: ({ facts }) => wanted.has(facts.protocol),
    packet: ({ protocol }) => wanted.has(protocol),
  };
}

type Side = 'client' | 'server' | 'either';

function host(term: Term, { addresses }: FilterWorld, side: Side): Tests {
  const table = new PrefixTable();
  for (const value of term.values) {
    try {
      table.set(parsePrefix(value.text.replace(/^\[(.*)\]$/, '$1')), 1);
    } catch (error) {
      throw new FilterError(`${(error as Error).message}`, value);
    }
  }
  const has = (address: number, family: number) =>
    (family === 0 ? table.find4(address) : table.find6(addresses.words, 4 * address)) >= 0;
  const flow: FlowTest = ({ facts }) =>
    (side !== 'server' && has(facts.client, facts.family)) ||
    (side !== 'client' && has(facts.server, facts.family));
  if (side !== 'either') return { flow };
  return {
    flow,
    packet: ({ source, destination, family }) => has(source, family) || has(destination, family),
  };
}

function zone(term: Term, { addresses, zones }: FilterWorld, side: Side): Tests {
  const wanted = new Set(
    term.values.map((value) => {
      const name = ZONE_WORDS[value.text.toLowerCase()] ?? value.text;
      const index = zones.names.indexOf(name);
      if (index < 0) {
        const names = [...zones.names, ...Object.keys(ZONE_WORDS)];
        throw new FilterError(`there is no zone “${value.text}” (--zone names one)`, value, names);
      }
      return index;
    }),
  );
  const has = (address: number, family: number) =>
    wanted.has(family === 0 ? zones.of4(address) : zones.of6(addresses.words, 4 * address));
  return {
    flow: ({ facts }) =>
      (side !== 'server' && has(facts.client, facts.family)) ||
      (side !== 'client' && has(facts.server, facts.family)),
  };
}

function state(term: Term): Tests {
  const wanted = chosen(term, STATES, (text) => text.toUpperCase());
  return {
    flow: ({ chunk, base, decision }: FlowRow) =>
      wanted.has(connectionState(chunk, base, (decision & CLIENT_IS_B) !== 0)),
  };
}

function status(term: Term): Tests {
  const wanted = chosen(term, [...new Set(STATUSES.flat())], (text) => text.toLowerCase());
  const outcomes = new Set(
    STATUSES.flatMap((names, outcome) => (names.some((name) => wanted.has(name)) ? [outcome] : [])),
  );
  return { flow: ({ facts }) => outcomes.has(facts.outcome) };
}

function chosen(
  term: Term,
  among: readonly string[],
  form: (text: string) => string,
): ReadonlySet<string> {
  return new Set(
    term.values.map((value) => {
      const text = form(value.text);
      if (!among.includes(text)) {
        throw new FilterError(`there is no ${term.word.text} “${value.text}”`, value, among);
      }
      return text;
    }),
  );
}

/** SI, as everywhere: 1k = 1000. */
const SIZES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
};
/** Milliseconds. */
const TIMES: Readonly<Record<string, number>> = {
  '': 1000,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function amount(
  term: Term,
  units: Readonly<Record<string, number>>,
  of: (flow: FlowFacts) => number,
): Tests {
  const [value, another] = term.values;
  if (another !== undefined) throw new FilterError('one number is enough', another);
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(value!.text);
  const unit = units[match?.[2]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) {
    const known = Object.keys(units).filter((each) => each !== '');
    throw new FilterError(`this is a number, with ${known.join(', ')} or nothing after it`, value!);
  }
  const least = Number(match[1]) * unit;
  const { sign } = term;
  return {
    flow: ({ facts }) => {
      const is = of(facts);
      if (sign === '>') return is > least;
      if (sign === '>=') return is >= least;
      if (sign === '<') return is < least;
      return sign === '<=' ? is <= least : is === least;
    },
  };
}
