// The built HTML of the palette, read as the editor and as the Flow Library read it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { FieldMeta, NodeMeta } from '../../nodes/kit/editor/render';
import { root } from '../support/red';

export type { FieldMeta, NodeMeta };

export interface Default {
  value: unknown;
  type?: string;
  required?: boolean;
  validate?: (value: unknown, options?: object) => unknown;
}

/** What a node tells the editor about itself. */
export interface Registered {
  category: string;
  color: string;
  icon: string;
  inputs?: number;
  outputs?: number;
  defaults: Record<string, Default>;
  credentials?: Record<string, { type: string }>;
  outputLabels?: (index: number) => string;
  paletteLabel: () => string;
  label: () => string;
  oneditprepare: () => void;
  oneditsave: () => void;
  oneditcancel: () => void;
}

export const html = readFileSync(path.join(root, 'dist', 'nodes', 'linktor.html'), 'utf8');

const blocks = [...html.matchAll(/<script type="([^"]+)"(?: data-template-name="([^"]+)")?>\n([\s\S]*?)\n<\/script>/g)];

export const scripts = blocks.filter(([, type]) => type === 'text/javascript').map(([, , , text = '']) => text);

/** The form of each node type. */
export const templates = new Map(
  blocks.filter(([, type]) => type === 'text/html').map(([, , name = '', text = '']) => [name, text]),
);

/** Runs the scripts in an editor that only takes notes. */
export function registrations(): { types: Map<string, Registered>; metas: Map<string, NodeMeta> } {
  const types = new Map<string, Registered>();
  const element: Record<string, unknown> = {};
  for (const method of ['text', 'appendTo', 'on', 'append']) element[method] = () => element;
  const RED = {
    nodes: { registerType: (type: string, definition: Registered) => types.set(type, definition) },
    validators: { typedInput: () => () => true },
  };
  const window: Record<string, unknown> = { RED, $: () => element, document: {} };
  window.window = window;
  const context = createContext(window);
  const [shared = '', ...own] = scripts;
  runInContext(shared, context);
  const metas = new Map<string, NodeMeta>();
  const linktor = window.linktor as { define: (type: string, meta: NodeMeta) => void };
  const { define } = linktor;
  linktor.define = (type, meta) => {
    metas.set(type, meta);
    define(type, meta);
  };
  for (const script of own) runInContext(script, context);
  return { types, metas };
}
