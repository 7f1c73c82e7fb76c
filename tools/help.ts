// The help texts. Node-RED shows one node's help at a time, so each must be complete. Text shared by several nodes is
// written once, as a named part in parts.html, and included with a line `<!-- part: name -->`.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const template = /<template data-part="([\w-]+)">([\s\S]*?)<\/template>/g;
const reference = /^( *)<!-- part: (.*?) -->$/gm;

/** @returns linktor.html of a language with all parts included */
export function wholeHelp(root: string, language: string): string {
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
  const help = `locales/${language}/linktor.html`;
  const shared = `locales/${language}/parts.html`;
  const parts = new Map<string, string>();
  const used = new Set<string>();

  const filled = (file: string, text: string) =>
    text.replace(reference, (_line, indent: string, name: string) => {
      const part = parts.get(name);
      if (part === undefined) throw new Error(`${file}: there is no part "${name}"`);
      used.add(name);
      return part.replace(/^(?=.)/gm, indent);
    });

  for (const [, name = '', text = ''] of read(shared).matchAll(template)) {
    if (parts.has(name)) throw new Error(`${shared}: there are two parts "${name}"`);
    // A part may only include parts above it, so no part can include itself.
    parts.set(name, filled(shared, text.replace(/^ {2}/gm, '').trim()));
  }
  const whole = filled(help, read(help));
  for (const name of parts.keys()) {
    if (!used.has(name)) throw new Error(`${shared}: nobody uses the part "${name}"`);
  }
  return whole;
}

/** @returns the same as the editor loads it: without the blanks between elements, which are for readers of the source */
export function builtHelp(root: string, language: string): string {
  return wholeHelp(root, language).replace(/>\n\s*(?=<)/g, '>');
}
