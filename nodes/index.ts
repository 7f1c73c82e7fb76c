import { serveEditor } from './kit/admin';
import type { Definition } from './kit/define';
import { serveHooks } from './kit/http';
import { mount } from './kit/mount';
import type { RED } from './kit/red';
import ai from './linktor-ai';
import config from './linktor-config';
import knowledge from './linktor-knowledge';
import messageIn from './linktor-message-in';
import send from './linktor-send';
import webhookIn from './linktor-webhook-in';

/** The palette, in its order. */
export const palette: readonly Definition[] = [config, messageIn, webhookIn, send, knowledge, ai];

/** What Node-RED calls. */
export default function linktor(red: RED): void {
  const shared = { hooks: serveHooks(red), legacy: new Map() };
  for (const definition of palette) mount(red, definition, shared);
  serveEditor(red);
}
