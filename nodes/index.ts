import { serveEditor } from './kit/admin';
import type { Definition } from './kit/define';
import { mount } from './kit/mount';
import type { RED } from './kit/red';
import ai from './linktor-ai';
import config from './linktor-config';
import knowledge from './linktor-knowledge';
import messageIn from './linktor-message-in';
import send from './linktor-send';

/** The palette, in its order. */
export const palette: readonly Definition[] = [config, messageIn, send, knowledge, ai];

/** What Node-RED calls. */
export default function linktor(red: RED): void {
  for (const definition of palette) mount(red, definition);
  serveEditor(red);
}
