import type { Config, Definition } from '../define';
import { type Field, newNodeValue } from '../fields';
import { STORED_VERSION } from '../migrations';
import { metaOf } from './meta';

/** Colours by purpose of the node, so that a flow is readable at a glance. */
const colours = { trigger: '#3fb8af', action: '#7fd1c7', ai: '#b3a7e6', admin: '#a9c4d4' };
const ofAi = new Set(['linktor-knowledge', 'linktor-ai', 'linktor-embeddings']);
const ofAdmin = new Set([
  ...['linktor-config', 'linktor-template', 'linktor-channel', 'linktor-bot', 'linktor-flow', 'linktor-analytics'],
  'linktor-api',
]);

function colourOf({ type, role }: Definition): string {
  if (ofAi.has(type)) return colours.ai;
  if (ofAdmin.has(type)) return colours.admin;
  return role === 'trigger' ? colours.trigger : colours.action;
}

/**
 * @param browser the bundled script shared by all nodes
 * @returns the Node-RED HTML of the whole palette: an empty form for each type, the shared script once, and each node's
 * definition, from which the script fills in the forms
 */
export function render(palette: readonly Definition[], browser: string): string {
  const script = (text: string) => `<script type="text/javascript">\n${text}\n</script>`;
  const forms = palette.map(({ type }) => `<script type="text/html" data-template-name="${type}"></script>`);
  return `${[...forms, script(browser.trim()), ...palette.map((one) => script(registration(one)))].join('\n')}\n`;
}

/** @returns the literal `registerType` call, which the Flow Library looks for in the HTML */
function registration(definition: Definition): string {
  const { type, fields } = definition;
  const properties = Object.entries(fields).flatMap(([name, field]) => defaults(name, field));
  properties.push(`version:{value:${STORED_VERSION}}`);
  if (definition.role === 'action' || definition.role === 'dialogue')
    properties.push(`outputs:{value:${initialOutputs(definition)}}`);
  const meta = metaOf(definition);
  if (meta.inputWhen) properties.push('inputs:{value:0}');
  const secrets = Object.entries(fields)
    .filter(([, { kind }]) => kind === 'secret')
    .map(([name, { visible }]) => `${name}:{type:"${visible ? 'text' : 'password'}"}`);
  const body = [
    `category:${definition.role === 'config' ? '"config"' : '"Linktor"'}`,
    `color:"${colourOf(definition)}"`,
    `defaults:{${properties.join(',')}}`,
    ...(secrets.length > 0 ? [`credentials:{${secrets.join(',')}}`] : []),
    ...(definition.role === 'config' ? [] : ports(definition)),
    `icon:"${type}.svg"`,
    ...methods(definition).map((name) => `${name}:linktor.${name}`),
  ];
  return `linktor.define("${type}",${literal(meta)});\nRED.nodes.registerType("${type}",{${body.join(',')}});`;
}

function methods({ role }: Definition): string[] {
  const all = ['paletteLabel', 'label', 'labelStyle', 'oneditprepare', 'oneditsave'];
  return role === 'config' ? all : [...all, 'onadd'];
}

/** @returns the number of outputs that do not depend on a choice */
function initialOutputs({
  outputs,
  outputWhen = {},
}: Pick<Exclude<Definition, Config>, 'outputs' | 'outputWhen'>): number {
  return outputs.filter((name) => outputWhen[name] === undefined).length;
}

function ports({ inputs, outputs, outputWhen, fields }: Exclude<Definition, Config>): string[] {
  const count = fields.outputs ? Number(newNodeValue(fields.outputs)) : initialOutputs({ outputs, outputWhen });
  return [`inputs:${inputs}`, `outputs:${count}`, 'outputLabels:linktor.outputLabels'];
}

function defaults(name: string, field: Field<unknown>): string[] {
  const check = `,validate:linktor.check("${name}")`;
  const value = (initial: unknown, extra = '') => `${name}:{value:${JSON.stringify(initial)}${extra}}`;
  switch (field.kind) {
    case 'secret':
      return [];
    case 'account':
      return [`${name}:{value:"",type:"linktor-config",required:true}`];
    case 'accounts':
      return [`${name}:{value:[],type:"linktor-config[]"}`];
    case 'config':
      return [`${name}:{value:"",type:"${field.config}",required:false}`];
    case 'typed':
    case 'out':
      return [value('', check), `${name}Type:{value:"${field.start}"}`];
    case 'table':
    case 'text':
    case 'path':
    case 'number':
      return [value(newNodeValue(field), check)];
    case 'flag':
      return [value(newNodeValue(field), field.required ? check : '')];
    case 'choice':
      // The editor requires a number here.
      return [value(name === 'outputs' ? Number(newNodeValue(field)) : newNodeValue(field))];
    case 'checks':
      return [value(newNodeValue(field))];
  }
}

/** Write plain data as a JavaScript literal, which is shorter than JSON. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries.map(([key, one]) => `${/^[a-z]\w*$/i.test(key) ? key : JSON.stringify(key)}:${literal(one)}`).join(',')}}`;
}
