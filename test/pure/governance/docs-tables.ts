/** The tables of docs/governance.md, written from the code; `UPDATE_DOCS=1 npx jest governance/docs` puts them there. */
import { FACTS_SCHEMA, MAX_COUNT, MAX_TIME, type SchemaNode } from '../../../src/governance/facts-schema';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { RULES } from '../../../src/governance/rules';

type Row = readonly string[];

export const DOCS_TABLES: Readonly<Record<string, () => string>> = {
  rules: () =>
    table(
      ['rule', 'says', 'sections'],
      [...RULES]
        .sort((a, b) => (a.rule < b.rule ? -1 : 1))
        .map((rule) => [code(rule.rule), 'judge' in rule ? 'a ceiling' : 'allow, hold or deny', rule.spec]),
    ),
  facts: () =>
    table(['fact', 'kind and bounds', 'default', 'stricter', 'meaning'], [...factRows(FACTS_SCHEMA, '')]),
  figures: () => table(['figure', 'value', 'section'], [...figureRows(SPEC_FIGURES, '', '')]),
};

function table(header: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function* factRows(node: SchemaNode, path: string): Generator<Row> {
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`;
    yield [
      code(at),
      kindOf(property),
      defaultOf(property, node, key),
      stricterOf(property),
      property.description,
    ];
    // Twelve guardrails of one shape would hide the rest: the first stands for all.
    const first = Object.keys(property.properties ?? {})[0];
    const perGuardrail = at === 'usage' || at === 'tenant.limits';
    if (perGuardrail && first !== undefined) {
      yield* factRows(
        { ...property, properties: { [first]: property.properties?.[first] as SchemaNode } },
        at,
      );
    } else yield* factRows(property, at);
    if (property.items !== undefined) yield* factRows(property.items, `${at}[]`);
  }
}

function kindOf(node: SchemaNode): string {
  const [type, orNull] = typeof node.type === 'string' ? [node.type, ''] : [node.type[0], ' or null'];
  if (node.enum !== undefined)
    return (
      node.enum
        .filter((word) => word !== null)
        .map((word) => code(String(word)))
        .join(' ') + orNull
    );
  if (node.maximum === MAX_TIME) return `time${orNull}`;
  const most = node.maximum === MAX_COUNT ? 'or more' : `to ${node.maximum ?? ''}`;
  const bounds =
    node.maximum !== undefined
      ? `, ${node.minimum ?? 0} ${most}`
      : node.maxLength !== undefined
        ? `, 1 to ${node.maxLength} characters`
        : node.maxItems !== undefined
          ? `, at most ${node.maxItems}`
          : '';
  return `${type}${bounds}${orNull}`;
}

function defaultOf(node: SchemaNode, parent: SchemaNode, key: string): string {
  if (parent.required?.includes(key) === true) return 'required';
  if (node.default === undefined) return 'left out';
  return code(
    typeof node.default === 'object' && node.default !== null && key === 'trust'
      ? 'nothing done'
      : JSON.stringify(node.default),
  );
}

function stricterOf(node: SchemaNode): string {
  const value = node['x-stricter'] ?? (node.properties === undefined ? 'unordered' : '');
  const ofNull = node['x-null'] === undefined ? '' : `null is ${node['x-null']}`;
  return [value, ofNull].filter((part) => part !== '').join('; ');
}

function* figureRows(value: unknown, path: string, spec: string): Generator<Row> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const key = path.split('.').at(-1) ?? '';
    const isDescription = ['spec', 'label', 'unit'].includes(key) || value === null || value === false;
    if (!isDescription)
      yield [
        code(path),
        Array.isArray(value) ? value.join(', ') || 'none' : JSON.stringify(value).replaceAll('"', ''),
        spec,
      ];
    return;
  }
  const own = (value as { readonly spec?: string }).spec ?? spec;
  for (const [key, member] of Object.entries(value)) {
    if (path === '' && key === 'overrides') continue;
    yield* figureRows(member, path === '' ? key : `${path}.${key}`, own);
  }
}

function code(text: string): string {
  return `\`${text}\``;
}
