/**
 * What stands around resources in Terraform's JSON (JSON Configuration Syntax): comments under `//`,
 * variables, and the resources by kind and name. Whatever else may stand at the top (modules,
 * locals, data) could change what the resources mean, and is a fault.
 */
import { type Fields, fieldsOf, nothingElse } from './config-fields.ts';

/** The resources of the kinds asked for, each by name. Throws `LineFault` for any others. */
export function terraformResources<Kind extends string>(
  value: unknown,
  kinds: readonly Kind[],
): Readonly<Record<Kind, Fields>> {
  const { resource, variable, '//': _, ...other } = fieldsOf(value, 'The text');
  nothingElse(other);
  for (const [name, asked] of Object.entries(fieldsOf(variable ?? {}, '“variable”'))) {
    const { type: _type, description: _about, ...more } = fieldsOf(asked, `The variable “${name}”`);
    nothingElse(more);
  }
  const all = fieldsOf(resource, '“resource”');
  nothingElse(
    Object.fromEntries(Object.entries(all).filter(([kind]) => !kinds.includes(kind as Kind))),
  );
  const found = kinds.map((kind) => [kind, fieldsOf(all[kind] ?? {}, `“${kind}”`)] as const);
  return Object.fromEntries(found) as Record<Kind, Fields>;
}
