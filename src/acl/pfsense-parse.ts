/**
 * Reads a config.xml of pfSense or OPNsense, whole or the sections `aliases` and `filter` alone:
 * floating rules first, then those of groups, then of interfaces, in each the first that matches.
 * Rules for addresses of the firewall that the text does not tell are none of what is forwarded. A
 * whole text also tells addresses of interfaces, and what the product does unasked then counts.
 *
 * Schedules, marks, fingerprints and members that are fetched are faults where a rule asks for
 * them; gateways, limits, translations and other services are told. Sections nobody here knows are
 * faults, since some of them make rules.
 */
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import { BesideList } from './beside-list.ts';
import { guarded, LineFault } from './line-fault.ts';
import { PfAliases } from './pfsense-aliases.ts';
import { builtInRules } from './pfsense-builtin.ts';
import { holdsText, type Product, under } from './pfsense-fields.ts';
import { PfInterfaces } from './pfsense-interfaces.ts';
import { legacyRule, modelRule, type RuleText } from './pfsense-rule-text.ts';
import { type PlacedRules, rulesOf } from './pfsense-rules.ts';
import { DECIDING_SYSTEM, otherModel, otherSection } from './pfsense-settings.ts';
import type { Names } from './pfsense-sides.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { sessionFilter } from './session-chain.ts';
import { readXml, type XmlElement } from './xml-text.ts';

interface Read {
  readonly text: RuleText;
  /** OPNsense asks the rules of its model before the others. */
  readonly isModel: boolean;
  readonly sequence: number;
  readonly placed: readonly PlacedRules[];
}

export function parsePfsense(text: string): Parsed {
  const { root, fault } = readXml(text);
  const product: Product = root?.name === 'opnsense' ? 'opnsense' : 'pfsense';
  const reader = new ConfigReader(product);
  if (fault !== undefined) reader.faults.push(fault);
  else reader.root(root);
  return reader.parsed();
}

class ConfigReader {
  readonly faults: ParseFault[] = [];
  private readonly beside = new BesideList();
  private readonly assumed = new Set<string>();
  private readonly names: Names;
  private readonly read: Read[] = [];
  private builtIn: readonly FilterRule[] = [];
  private isOff = false;

  constructor(product: Product) {
    this.names = {
      product,
      aliases: new PfAliases(),
      interfaces: new PfInterfaces(product),
      assume: (clause) => this.assumed.add(clause),
    };
  }

  parsed(): Parsed {
    const { assumed, faults } = this;
    const beside = this.beside.all();
    const inward = [...this.builtIn, ...this.ordered('in')];
    const filter = sessionFilter(
      'filter',
      this.isOff ? [] : inward,
      this.isOff ? 'accept' : 'drop',
    );
    const outward = this.isOff ? [] : this.ordered('out');
    // What goes out passes, unless a rule says otherwise.
    const [answers] = filter.chains[0]!.rules;
    const out: FilterChain = {
      ...{ name: 'out', hook: 'forward', priority: 1, otherwise: 'drop', line: 0 },
      rules: [answers!, ...outward, { action: 'accept', match: {}, line: 0 }],
    };
    return {
      filter: outward.length > 0 ? { chains: [...filter.chains, out] } : filter,
      faults: [...faults].sort((one, two) => one.line - two.line),
      ...(assumed.size > 0 ? { assumed: [...assumed] } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  root(root: XmlElement): void {
    if (root.name !== 'pfsense' && root.name !== 'opnsense') {
      this.faults.push({ line: root.line, what: `“${root.name}” is not a configuration.` });
      return;
    }
    this.strays(root);
    const sections = (name: string) => root.children.filter((section) => section.name === name);
    for (const one of sections('interfaces').flatMap(({ children }) => children)) {
      guarded(this.faults, one.line, () => this.interface(one));
    }
    for (const section of root.children) {
      guarded(this.faults, section.line, () => this.section(section));
    }
    // Rules name what stands after them.
    for (const one of sections('filter').flatMap(({ children }) => children)) {
      guarded(this.faults, one.line, () => this.filterItem(one, root));
    }
    const model = under(root, 'OPNsense', 'Firewall', 'Filter', 'rules');
    for (const one of model?.children ?? []) {
      guarded(this.faults, one.line, () => {
        if (one.name !== 'rule') throw new LineFault(`“${one.name}” is not a rule.`);
        this.put(modelRule(one), true, sequenceOf(one));
      });
    }
    if (this.names.interfaces.isKnown) {
      guarded(this.faults, root.line, () => {
        this.builtIn = builtInRules(root, this.names);
      });
    }
  }

  /** Attributes and text where only elements stand. */
  private strays(root: XmlElement): void {
    const isRead = (name: string) => ['filter', 'aliases', 'interfaces', 'nat'].includes(name);
    for (const section of [root, ...root.children.filter(({ name }) => isRead(name))]) {
      const attribute = Object.keys(section.attributes).find((name) => name !== 'version');
      const stray = attribute ?? section.text;
      if (stray === '') continue;
      const what = `“${stray.slice(0, 40)}” is not known here.`;
      this.faults.push({ line: section.line, what });
    }
  }

  private section(section: XmlElement): void {
    const { aliases, interfaces } = this.names;
    const each = (read: (element: XmlElement) => void): void => {
      for (const element of section.children)
        guarded(this.faults, element.line, () => read(element));
    };
    switch (section.name) {
      case 'interfaces':
      case 'filter':
        return;
      case 'aliases':
        return each((element) => aliases.add(element));
      case 'ifgroups':
        return each((element) => interfaces.addGroup(element));
      case 'virtualip':
        return each((element) => {
          if (holdsText(element)) interfaces.addVirtual(element);
        });
      case 'system':
        return this.system(section);
      case 'nat':
        return each((element) => this.translation(element));
      case 'OPNsense':
        return each((element) => this.model(element));
      default: {
        const deciding = otherSection(section);
        if (deciding === undefined) {
          throw new LineFault(`The section “${section.name}” is not read.`);
        }
        for (const { name, line } of deciding) this.beside.add(name, line);
      }
    }
  }

  private interface(element: XmlElement): void {
    this.names.interfaces.add(element);
    const found = this.names.interfaces.all.at(-1);
    if (found?.blocksBogons !== undefined && found.isEnabled) {
      this.beside.add('blockbogons', found.blocksBogons);
    }
  }

  private system(system: XmlElement): void {
    for (const { name, line, text } of system.children) {
      if (name === 'disablefilter') this.isOff = true;
      if (DECIDING_SYSTEM.has(name) && text !== 'none') this.beside.add(`system ${name}`, line);
    }
  }

  /** Translations change addresses before rules are asked; those with “pass” let through as well. */
  private translation(element: XmlElement): void {
    const { name, line } = element;
    if (name === 'separator' || (name !== 'rule' && !holdsText(element))) return;
    if (!['rule', 'outbound', 'onetoone', 'npt', 'advancedoutbound', 'ipv6nat'].includes(name)) {
      throw new LineFault(`“${name}” is not known of translations.`);
    }
    const disabled = under(element, 'disabled');
    if (disabled !== undefined && disabled.text !== '0') return;
    if (name === 'outbound' && under(element, 'mode')?.text === 'disabled') return;
    this.beside.add(`nat ${name}`, line);
    const linked = [under(element, 'associated-rule-id')?.text, under(element, 'pass')?.text];
    if (linked.includes('pass') || linked.includes('rule'))
      this.beside.add('nat rule “pass”', line);
  }

  private model(model: XmlElement): void {
    const { aliases } = this.names;
    if (model.name !== 'Firewall') {
      const deciding = otherModel(model);
      if (deciding === undefined) throw new LineFault(`The section “${model.name}” is not read.`);
      for (const { name, line } of deciding) this.beside.add(name, line);
      return;
    }
    for (const part of model.children) {
      if (['Category', 'Lvtemplate'].includes(part.name)) continue;
      if (part.name === 'Alias') {
        for (const alias of under(part, 'aliases')?.children ?? []) {
          guarded(this.faults, alias.line, () => aliases.add(alias));
        }
      } else if (part.name === 'Filter') {
        for (const { name, line, children } of part.children) {
          if (name === 'rules' || name === 'general') continue;
          if (!['snatrules', 'npt', 'onetoone'].includes(name)) {
            throw new LineFault(`“${name}” is not known of the filter.`);
          }
          if (children.length > 0) this.beside.add(`nat ${name}`, line);
        }
      } else throw new LineFault(`The section “${part.name}” is not read.`);
    }
  }

  private filterItem(element: XmlElement, root: XmlElement): void {
    const { name, line } = element;
    // A mark within the list, for the user interface.
    if (name === 'separator') return;
    if (name === 'bypassstaticroutes') {
      const routes = under(root, 'staticroutes');
      if (routes !== undefined && holdsText(routes)) this.beside.add(name, line);
      return;
    }
    if (name !== 'rule') throw new LineFault(`“${name}” is not a rule.`);
    this.put(legacyRule(element, this.names.product), false, 0);
  }

  private put(text: RuleText, isModel: boolean, sequence: number): void {
    const placed = rulesOf(text, this.names);
    this.read.push({ text, isModel, sequence, placed });
    if (text.isDisabled) return;
    for (const what of text.beside) this.beside.add(`rule ${what}`, text.line);
  }

  /** Floating rules come first; without `quick` the last of them that matches decides. */
  private ordered(way: 'in' | 'out'): FilterRule[] {
    const { interfaces } = this.names;
    const rank = ({ text }: Read): number => {
      return text.isFloating ? -1 : interfaces.rankOf(text.interfaces[0] ?? '');
    };
    const sorted = this.read
      .map((read, index) => ({ read, index, rank: rank(read) }))
      .sort(
        (one, two) =>
          one.rank - two.rank ||
          Number(two.read.isModel) - Number(one.read.isModel) ||
          one.read.sequence - two.read.sequence ||
          one.index - two.index,
      )
      .map(({ read }) => read);
    const rules = (reads: readonly Read[]) =>
      reads.flatMap(({ placed }) => placed.flatMap((one) => (one.way === way ? one.rules : [])));
    const late = sorted.filter(({ text }) => !text.isQuick).reverse();
    return [...rules(sorted.filter(({ text }) => text.isQuick)), ...rules(late)];
  }
}

function sequenceOf(rule: XmlElement): number {
  const text = under(rule, 'sequence')?.text ?? '1';
  if (!/^\d{1,6}$/.test(text)) throw new LineFault(`“${text}” is not a sequence.`);
  return Number(text);
}
