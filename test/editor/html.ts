// The built HTML of the palette, read as the editor and as the Flow Library read it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { NodeMeta } from '../../nodes/kit/editor/meta';
import { root } from '../support/red';

export interface Default {
  value: unknown;
  type?: string;
  required?: boolean;
  validate?: (value: unknown, options?: object) => unknown;
}

type OnNode<T> = (this: unknown, ...rest: never[]) => T;

/** What a node tells the editor about itself. */
export interface Registered {
  category: string;
  color: string;
  icon: string;
  inputs?: number;
  outputs?: number;
  defaults: Record<string, Default>;
  credentials?: Record<string, { type: string }>;
  outputLabels?: (this: unknown, index: number) => string;
  paletteLabel: OnNode<string>;
  label: OnNode<string>;
}

export const html = readFileSync(path.join(root, 'dist', 'nodes', 'linktor.html'), 'utf8');

const blocks = [
  ...html.matchAll(/<script type="([^"]+)"(?: data-template-name="([^"]+)")?>\n?([\s\S]*?)\n?<\/script>/g),
];

export const scripts = blocks.filter(([, type]) => type === 'text/javascript').map(([, , , text = '']) => text);

/** The types that have a form, as Node-RED finds them. */
export const templates = blocks.filter(([, type]) => type === 'text/html').map(([, , name = '']) => name);

/** Runs the scripts in an editor that only takes notes. */
export function registrations() {
  const types = new Map<string, Registered>();
  const metas = new Map<string, NodeMeta>();
  /** the form of each node type */
  const forms = new Map<string, string>();
  const RED = {
    nodes: {
      registerType: (type: string, definition: Registered) => types.set(type, { ...definition, type } as never),
    },
    validators: { typedInput: () => () => true },
    events: { on: () => undefined },
  };
  const $ = (selector: string) => {
    const element: Record<string, unknown> = { length: 0 };
    for (const method of ['appendTo', 'on', 'append']) element[method] = () => element;
    element.text = (text: string) => {
      const [, type] = /data-template-name="([^"]+)"/.exec(selector) ?? [];
      if (type) forms.set(type, text);
      return element;
    };
    return element;
  };
  const window: Record<string, unknown> = { RED, $, document: {}, localStorage: { getItem: () => null } };
  window.window = window;
  const context = createContext(window);
  const [shared = '', ...own] = scripts;
  runInContext(shared, context);
  const linktor = window.linktor as { define: (type: string, meta: NodeMeta) => void };
  const { define } = linktor;
  linktor.define = (type, meta) => {
    metas.set(type, meta);
    define(type, meta);
  };
  for (const script of own) runInContext(script, context);
  return { types, metas, forms };
}
